// Before and after side by side, and moves: where pods left, where they came to, and lines between.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, assertFits, start } from "./browser.mjs";

const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

/// A node of the homelab is drained.
async function drained(options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: /^homelab-03 ?, / }).focus();
  await page.keyboard.press("d");
  await page.locator("#sentence").filter({ hasText: "homelab-03 is drained" }).waitFor();
  return page;
}

test("pods that move are marked where they left and where they came to", async () => {
  const page = await drained();
  const left = page.getByRole("button", { name: /^homelab-03 ?, / });
  assert.match(await left.textContent(), /\d+ gone from here/);
  assert.match(await page.locator(".legend").textContent(), /gone from here/);
  assert.equal(await page.locator("svg.moves path").count(), 0, "nothing is selected");
  await left.click();
  assert.ok(await page.locator("svg.moves path").count() > 0);
  await page.getByText(/^is on homelab-0\d now$/).first().waitFor();
  await left.click();
  const follow = page.getByLabel("Draw the moves of");
  const options = await follow.locator("option").count();
  assert.ok(options > 1);
  await follow.selectOption({ index: 1 });
  assert.ok(await page.locator("svg.moves path").count() > 0);
  await assertClean(page);
});

test("before and after stand side by side", async () => {
  const page = await drained();
  await page.getByRole("button", { name: "Before and after" }).click();
  const before = page.getByRole("group", { name: "Map of nodes before" });
  const after = page.getByRole("group", { name: "Map of nodes after" });
  const tile = (map) => map.getByRole("button", { name: /^homelab-03 ?, / });
  assert.match(await tile(before).textContent(), /, Ready/);
  assert.match(await tile(after).textContent(), /, Cordoned/);
  assert.equal(await before.getByRole("button", { name: "Fail homelab-02" }).count(), 0);
  await after.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.locator("#sentence").filter({ hasText: "then homelab-02 fails" }).waitFor();
  const [one, other] = [await before.boundingBox(), await after.boundingBox()];
  assert.ok(other.x > one.x && Math.abs(other.y - one.y) < 2);
  await assertClean(page);
});

test("each step shows nodes as they are by then", async () => {
  const page = await browser.open();
  await page.locator("#files").setInputFiles(HOMELAB);
  const node = (name, how) => page.getByRole("button", { name: new RegExp(`^${name} ?, ${how}`) });
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await node("homelab-02", "Failed").waitFor();
  await page.getByRole("button", { name: "Recover homelab-02" }).click();
  await node("homelab-02", "Ready").waitFor();
  await page.getByRole("button", { name: "Fail homelab-03" }).click();
  await node("homelab-03", "Failed").waitFor();
  await page.getByRole("button", { name: "Before", exact: true }).click();
  await node("homelab-03", "Ready").waitFor();
  await page.getByRole("button", { name: "One step on" }).click();
  await node("homelab-02", "Failed").waitFor();
  await node("homelab-03", "Ready").waitFor();
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await drained({ colorScheme, viewport: { width, height: 900 } });
      await page.getByRole("button", { name: /^homelab-03 ?, / }).click();
      await browser.picture(page, `moves-${colorScheme}-${width}`);
      await page.getByRole("button", { name: "Before and after" }).click();
      await browser.picture(page, `sides-${colorScheme}-${width}`);
      await assertFits(page);
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
