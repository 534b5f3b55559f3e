// Every workload against every failure: the verdicts are the command's, and a failure can be looked
// at on the map.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, start } from "./browser.mjs";

const COMMAND = process.env.HOLDFAST_COMMAND;
const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

/// The matrix of the homelab, once all of it is known.
async function matrix(options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: "Matrix" }).click();
  await page.getByText("All 5 sets are proved about.").waitFor({ timeout: 60_000 });
  return page;
}

const rows = (page) => page.locator("table.matrix tbody tr");

/// How many workloads have a cell with this verdict.
const withVerdict = (page, verdict) =>
  rows(page).filter({ has: page.locator("td", { hasText: verdict }) }).count();

test("verdicts are those of the command", { skip: !COMMAND }, async () => {
  const page = await matrix();
  let printed;
  try {
    printed = execFileSync(COMMAND, ["prove", "-o", "json", HOMELAB], { maxBuffer: 1 << 28 });
  } catch (error) {
    printed = error.stdout;
  }
  const { workloads } = JSON.parse(printed);
  const refuted = (claim) => workloads.filter((one) => one[claim].verdict === "REFUTED").length;
  assert.equal(await rows(page).count(), workloads.length);
  assert.ok(refuted("immediately") > 0 && refuted("recovered") > 0);
  assert.equal(await withVerdict(page, "REFUTED"), refuted("immediately"));
  await page.getByRole("button", { name: "Back in full" }).click();
  assert.equal(await withVerdict(page, "REFUTED"), refuted("recovered"));
  await page.getByLabel("only what is not proved").check();
  const open = workloads.filter((one) => one.recovered.verdict !== "PROVED").length;
  assert.equal(await rows(page).count(), open);
  await assertClean(page);
});

test("pairs are asked for, workloads are found, a failure is shown on the map", async () => {
  const page = await matrix();
  await page.getByLabel("If this fails:").selectOption("any two nodes");
  await page.getByText(/^All \d+ sets are proved about\.$/).waitFor({ timeout: 60_000 });
  await page.getByLabel("Find a workload").fill("traefik");
  assert.equal(await rows(page).count(), 1);
  await page.getByRole("button", { name: /^Show on the map .*homelab-02 \+ homelab-03 fails/ }).click();
  await page.locator("#sentence").filter({ hasText: /homelab-02.*homelab-03.*: / }).waitFor();
  for (const name of ["homelab-02", "homelab-03"]) {
    await page.getByRole("button", { name: new RegExp(`^${name} ?, Failed`) }).waitFor();
  }
  await page.getByRole("button", { name: "Matrix" }).click();
  assert.equal(await rows(page).count() > 1, true, "the matrix is as it was");
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await matrix({ colorScheme, viewport: { width, height: 900 } });
      await browser.picture(page, `matrix-${colorScheme}-${width}`);
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
