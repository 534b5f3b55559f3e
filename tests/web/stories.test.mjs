// A cell of the matrix opens as a story: why its verdict is so, and the run step by step on the map.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, assertFits, start } from "./browser.mjs";

const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

/// The matrix of the homelab, once all of it is known for a claim.
async function matrix(claim, options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: "Matrix" }).click();
  await page.getByRole("button", { name: claim, exact: true }).click();
  await page.getByText("All 5 sets are proved about.").waitFor({ timeout: 60_000 });
  return page;
}

const cell = (page, pattern) => page.locator("table.matrix").getByRole("button", { name: pattern });

/// The first cell with a verdict, opened.
async function story(claim, verdict, options) {
  const page = await matrix(claim, options);
  await cell(page, new RegExp(`^${verdict}: why, .* if homelab-02 fails`)).first().click();
  await page.locator("#why").filter({ hasText: verdict }).waitFor();
  return page;
}

const steps = (page) => page.getByRole("list", { name: "Steps of the run" }).getByRole("button");

test("a refuted recovery is told step by step", async () => {
  const page = await story("Back in full", "REFUTED");
  assert.match(await page.locator("#why").textContent(), /when homelab-02 fails \d of \d pods serve/);
  const all = await steps(page).count();
  assert.ok(all > 2, `${all} steps`);
  const node = page.getByRole("button", { name: /^homelab-02 ?, / });
  assert.match(await node.textContent(), /Ready/);
  await steps(page).first().click();
  await page.getByRole("button", { name: /^homelab-02 ?, Failed/ }).waitFor();
  await page.getByRole("button", { name: "One step on" }).click();
  assert.equal(await steps(page).nth(1).getAttribute("aria-current"), "step");
  await page.getByText("As the command tells it").click();
  await page.getByText("at once").first().waitFor();
  await page.getByText("The command that proves it").click();
  await page.getByText("prove --fail homelab-02").waitFor();
  await page.getByRole("button", { name: "Back to the matrix" }).click();
  await page.getByText("All 5 sets are proved about.").waitFor();
  await page.getByRole("button", { name: "Map", exact: true }).click();
  await page.getByText("Nothing has failed yet.").waitFor();
  await assertClean(page);
});

test("by rule, the pods are put where the rules let them be", async () => {
  const page = await story("Up by rule", "REFUTED");
  await steps(page).first().click();
  await page.getByText(/as they are placed today|the rules let|homelab-02/).first().waitFor();
  await page.getByRole("button", { name: "Back to the matrix" }).click();
  await cell(page, /^PROVED: why/).first().click();
  await page.locator("#why").filter({ hasText: /PROVED/ }).waitFor();
  assert.equal(await steps(page).count(), 0);
  await assertClean(page);
});

test("arrows lead from cell to cell, and workloads are sorted by name", async () => {
  const page = await matrix("Up at once");
  await page.getByRole("combobox", { name: /^First/ }).selectOption("by name");
  const names = await page.locator("table.matrix tbody th").allTextContents();
  assert.deepEqual(names, [...names].sort());
  await page.locator('[data-cell="0,0"]').focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  const at = () => page.evaluate(() => document.activeElement.dataset.cell);
  assert.equal(await at(), "1,1");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await at(), "0,0");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Back to the matrix" }).waitFor();
  await assertClean(page);
});

test("what was done comes back when a story is left", async () => {
  const page = await browser.open();
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: "Fail homelab-03" }).click();
  const sentence = page.locator("#sentence").filter({ hasText: "homelab-03 fails" });
  await sentence.waitFor();
  await page.getByRole("button", { name: "Matrix" }).click();
  await page.getByText("All 5 sets are proved about.").waitFor({ timeout: 60_000 });
  await cell(page, /^REFUTED: why, .* if homelab-02 fails/).first().click();
  await page.locator("#sentence").filter({ hasText: "homelab-02 fails" }).waitFor();
  await page.getByRole("button", { name: "What if", exact: true }).click();
  await sentence.waitFor();
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await story("Back in full", "REFUTED", {
        colorScheme,
        viewport: { width, height: 900 },
      });
      await steps(page).nth(2).click();
      await browser.picture(page, `story-${colorScheme}-${width}`);
      await assertFits(page);
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
