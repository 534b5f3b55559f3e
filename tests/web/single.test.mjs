// The page as one file, opened from disk.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, start } from "./browser.mjs";

const FOLDER = process.env.HOLDFAST_DIST;

let browser;
before(async () => {
  browser = await start(FOLDER, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

test("works from disk, loads nothing, and breaks no rule of its policy", async () => {
  const asked = [];
  const page = await browser.open({
    address: `file://${FOLDER}/holdfast.html`,
    watch: (page) => page.on("request", (request) => asked.push(request.url())),
  });
  await page.getByRole("button", { name: /^Homelab/ }).click();
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.locator("#sentence").filter({ hasText: "homelab-02 fails: " }).waitFor();
  await assertAccessible(page);
  await assertClean(page);
  const others = asked.filter((url) => !/^(file:.*\/holdfast\.html|blob:|data:)/.test(url));
  assert.deepEqual(others, []);
  assert.deepEqual(browser.requests, []);
});
