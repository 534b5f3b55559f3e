// Why a pod waits: the sentence, then node by node and plugin by plugin, then what would help.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, assertFits, start } from "./browser.mjs";

const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

/// A pod that waits after two nodes have failed, explained.
async function explained(options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.locator("#sentence").filter({ hasText: "homelab-02 fails" }).waitFor();
  await page.getByRole("button", { name: "Fail homelab-03" }).click();
  await page.locator("#sentence").filter({ hasText: "then homelab-03 fails" }).waitFor();
  await page.getByRole("button", { name: /^Why .* waits$/ }).first().click();
  await page.locator("#explained").filter({ hasText: "stays Pending" }).waitFor();
  return page;
}

test("every node says which plugin objects, and what would make it fit", async () => {
  const page = await explained();
  const table = page.locator("table.plugins");
  assert.equal(await table.locator("tbody tr").count(), 4);
  const columns = await table.locator("thead th").allTextContents();
  assert.deepEqual([columns[0], columns.at(-1)], ["Node", "What would make it fit"]);
  assert.ok(columns.length > 2, columns.join());
  for (const row of await table.locator("tbody tr").all()) {
    const cells = await row.locator("td").allTextContents();
    assert.ok(cells.some((cell) => cell.includes("objects")), cells.join());
    assert.ok(cells.at(-1).length > 5, cells.at(-1));
  }
  await page.getByRole("button", { name: "Close why" }).click();
  await table.waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^Why .* waits$/ }).first().click();
  await table.waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await table.waitFor({ state: "detached" });
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await explained({ colorScheme, viewport: { width, height: 900 } });
      await browser.picture(page, `why-${colorScheme}-${width}`);
      await assertFits(page);
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
