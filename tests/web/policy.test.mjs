// A policy is written, and what does not hold is told beside it; after each failure its state stands
// at the top.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, start } from "./browser.mjs";

const COMMAND = process.env.HOLDFAST_COMMAND;
const fixture = (path) => new URL(`../../fixtures/${path}`, import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

const text = (page) => page.getByLabel("The policy as YAML");
const found = (page) => page.locator(".policy-found");
const view = (page, name) => page.getByRole("button", { name, exact: true }).click();

async function sample(name, options) {
  const page = await browser.open(options);
  await page.getByRole("button", { name }).click();
  await view(page, "Policy");
  return page;
}

async function judged(page) {
  await found(page).getByText(/PROVED/).first().waitFor({ timeout: 120_000 });
}

test("findings are those of the command, byte for byte", { skip: !COMMAND }, async () => {
  const page = await browser.open();
  const export_ = fixture("homelab/cluster.json");
  await page.locator("#files").setInputFiles(export_);
  await view(page, "Policy");
  const written = (await readFile(fixture("policies/homelab.yaml"), "utf8"))
    .replace(/^assumptions:.*\n/m, "");
  await text(page).fill(written);
  await judged(page);
  const save = page.getByRole("button", { name: "Save findings as JSON" });
  const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
  const here = await readFile(await download.path(), "utf8");
  const folder = await mkdtemp(join(tmpdir(), "holdfast-policy-"));
  try {
    await writeFile(join(folder, "holdfast.yaml"), written);
    await writeFile(join(folder, "cluster.json"), await readFile(export_));
    const command = await found(page).locator("code").last().textContent();
    const words = [...command.split(" ").slice(1), "-o", "json"];
    let there;
    try {
      const options = { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" };
      there = execFileSync(COMMAND, words, options);
    } catch (error) {
      there = error.stdout;
    }
    assert.equal(here, there, command);
    assert.equal(await page.locator(".finding").count(), JSON.parse(here).findings.length);
  } finally {
    await rm(folder, { recursive: true });
  }
  await assertClean(page);
});

test("a mistake is told at its place, and the place is shown in the text", async () => {
  const page = await sample(/^Homelab/);
  await judged(page);
  await text(page).fill("apiVersion: holdfast.dev/v1\nkind: Policy\nscenario: []\n");
  await found(page).getByText("The policy cannot be judged yet.").waitFor();
  const place = page.getByRole("button", { name: "3:1: show line 3 of the policy" });
  await place.click();
  const selected = await text(page).evaluate((area) =>
    area.value.slice(area.selectionStart, area.selectionEnd));
  assert.equal(selected, "scenario: []");
  assert.equal(await text(page).evaluate((area) => area === document.activeElement), true);
  await assertClean(page);
});

test("a policy begins with a preset, or with what is survived today", async () => {
  const page = await browser.open();
  await page.locator("#files").setInputFiles(fixture("homelab/cluster.json"));
  await view(page, "Policy");
  await found(page).getByText("There is no policy yet.").waitFor();
  await page.getByLabel("Begin with").selectOption("baseline");
  await view(page, "Begin");
  await judged(page);
  assert.match(await text(page).inputValue(), /name: comes-back/);
  await page.getByLabel("Begin with").selectOption("");
  await view(page, "Replace the text");
  await found(page).getByText("the policy holds").waitFor({ timeout: 120_000 });
  assert.match(await text(page).inputValue(), /Written by holdfast init/);
  assert.equal(await page.locator(".finding").count(), 0);
  await assertClean(page);
});

test("a policy is opened with the export, or dropped on the policy", async () => {
  const page = await browser.open();
  const files = [fixture("homelab/cluster.json"), fixture("policies/homelab.yaml")];
  await page.locator("#files").setInputFiles([...files, fixture("homelab/assumptions.yaml")]);
  await view(page, "Policy");
  await judged(page);
  const own = await readFile(files[1], "utf8");
  assert.equal(await text(page).inputValue(), own);
  await page.locator(".policy-file").setInputFiles(fixture("policies/edge.yaml"));
  await page.waitForFunction(() => document.querySelector(".code-area").value.includes("lifeboat"));
  await assertClean(page);
});

test("the state of what has failed stands at the top", async () => {
  const page = await sample(/^Edge/);
  await judged(page);
  const scenario = page.locator(".states li").filter({ hasText: "in scenario one-worker" });
  const name = await scenario.locator(".state-badge").textContent();
  await view(page, "Map");
  const badge = page.locator(".top .state-badge");
  assert.equal(await badge.count(), 0);
  await page.getByRole("button", { name: "Fail worker-1" }).click();
  await badge.waitFor({ timeout: 60_000 });
  assert.equal(await badge.textContent(), name);
  await view(page, "Undo");
  await badge.waitFor({ state: "detached" });
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await sample(/^Edge/, { colorScheme, viewport: { width, height: 900 } });
      await view(page, "Map");
      await page.getByRole("button", { name: "Fail worker-1" }).click();
      await view(page, "Policy");
      await judged(page);
      await page.locator(".top .state-badge").waitFor();
      await browser.picture(page, `policy-${colorScheme}-${width}`);
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
