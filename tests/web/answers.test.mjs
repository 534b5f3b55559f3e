// What the page answers is what the command prints, byte for byte; long work can be given up.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, start } from "./browser.mjs";

const COMMAND = process.env.HOLDFAST_COMMAND;
const fixture = (path) => new URL(`../../fixtures/${path}`, import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

/// What the command prints in the export's own folder, whatever its exit code.
function printed(path, words) {
  const options = { cwd: dirname(path), encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" };
  try {
    return execFileSync(COMMAND, words, options);
  } catch (error) {
    return error.stdout;
  }
}

async function saved(page, question) {
  await page.getByRole("button", { name: question }).click();
  const save = page.getByRole("button", { name: "Save as JSON" });
  await save.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
  return readFile(await download.path(), "utf8");
}

const PLANS = [
  "data-platform/option-a.json",
  "edge/cluster.json",
  "homelab/cluster.json",
  "k3s/after.json",
  "zero-spof/after-longhorn.json",
];

for (const path of PLANS) {
  test(`the page's bytes are the command's, ${path}`, { skip: !COMMAND }, async () => {
    const file = fixture(path);
    const page = await browser.open();
    await page.locator("#files").setInputFiles(file);
    await page.getByRole("button", { name: "Proofs and plans" }).click();
    const name = basename(file);
    const same = async (question, words) => {
      const here = await saved(page, question);
      const there = printed(file, [...words, "-o", "json", name]);
      assert.equal(here, there, words.join(" "));
    };
    await same("What survives any one node?", ["prove"]);
    await same("What cannot be used?", ["plan", "waste"]);
    await same("What was understood?", ["inspect"]);
    await assertClean(page);
  });
}

test("long work can be given up, and the cluster is still there", async () => {
  const page = await browser.open();
  await page.getByRole("button", { name: /^Homelab/ }).click();
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.getByRole("button", { name: "Proofs and plans" }).click();
  await page.getByRole("button", { name: "What repairs it?" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Map" }).click();
  await page.getByRole("button", { name: "Fail homelab-03" }).click();
  await page.locator("#sentence").filter({ hasText: "then homelab-03 fails: " }).waitFor();
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await browser.open({ colorScheme, viewport: { width, height: 900 } });
      await page.getByRole("button", { name: /^Homelab/ }).click();
      await page.getByRole("button", { name: "Proofs and plans" }).click();
      await page.getByRole("button", { name: "What survives any one node?" }).click();
      await page.getByRole("button", { name: "Save as JSON" }).waitFor({ timeout: 60_000 });
      await browser.picture(page, `answers-${colorScheme}-${width}`);
      const [wide, shown] = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return [scrollWidth, clientWidth];
      });
      assert.ok(wide <= shown, `${wide} pixels wide in ${shown}`);
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
