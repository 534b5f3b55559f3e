// A is kept, something else is done, and what differs is said: pods, workloads, totals.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, assertFits, start } from "./browser.mjs";

const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

const view = (page, name) => page.getByRole("button", { name, exact: true }).click();

/// A is the failure of one node, B that of another.
async function compared(options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.locator("#sentence").filter({ hasText: "homelab-02 fails" }).waitFor();
  await view(page, "A and B");
  await view(page, "Keep as A");
  await page.getByText("No pod and no workload differs.").waitFor();
  await view(page, "Undo");
  await view(page, "Map");
  await page.getByRole("button", { name: "Fail homelab-04" }).click();
  await page.locator("#sentence").filter({ hasText: "homelab-04 fails" }).waitFor();
  await view(page, "A and B");
  await page.locator("#compared").filter({ hasText: "In B" }).waitFor();
  return page;
}

test("what differs is said, swapped and forgotten", async () => {
  const page = await compared();
  const acts = page.locator(".compare dd");
  assert.deepEqual(await acts.allTextContents(), ["fail:homelab-02", "fail:homelab-04"]);
  await page.getByRole("region", { name: "Totals" }).waitFor();
  const moved = page.getByRole("region", { name: "On another node" }).getByRole("row");
  const told = await page.locator("#compared").textContent();
  const count = Number(told.match(/(\d+) pods? (is|are) on another node/)[1]);
  assert.equal(await moved.count() - 1, count);
  await view(page, "Swap A and B");
  await page.locator("#sentence").filter({ hasText: "homelab-02 fails" }).waitFor();
  await page.waitForFunction(() =>
    document.querySelector(".compare dd").textContent === "fail:homelab-04");
  assert.deepEqual(await acts.allTextContents(), ["fail:homelab-04", "fail:homelab-02"]);
  await view(page, "Forget A");
  await page.getByText("Keep what stands now as A").waitFor();
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await compared({ colorScheme, viewport: { width, height: 900 } });
      await browser.picture(page, `compare-${colorScheme}-${width}`);
      await assertFits(page);
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
