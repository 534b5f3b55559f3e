// How long each workload is short of pods: as the command tells it, from the longest on.
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

const rows = (page) => page.locator("table.timeline tbody tr");

/// The timeline of a failure in the homelab.
async function timeline(options) {
  const page = await browser.open(options);
  await page.locator("#files").setInputFiles(HOMELAB);
  await page.getByRole("button", { name: "Timeline" }).click();
  await page.getByText("Nothing has failed yet: fail a node, and see here").waitFor();
  await page.getByRole("button", { name: "Map" }).click();
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await page.getByRole("button", { name: "Timeline" }).click();
  await rows(page).first().waitFor({ timeout: 60_000 });
  return page;
}

test("downtimes are those of the command", { skip: !COMMAND }, async () => {
  const page = await timeline();
  const asked = ["simulate", "--event", "fail:homelab-02", "-o", "json", HOMELAB];
  const printed = execFileSync(COMMAND, asked, { maxBuffer: 1 << 28 });
  const { downtime } = JSON.parse(printed).timeline;
  const names = Object.keys(downtime);
  assert.equal(await rows(page).count(), names.length);
  const never = names.filter((name) => downtime[name].belowDesired.told === null);
  assert.ok(never.length > 0);
  const unending = rows(page).filter({ hasText: "not back when all is quiet" });
  assert.equal(await unending.count(), never.length);
  assert.match(await rows(page).first().textContent(), /not back when all is quiet/);
  const webhook = rows(page).filter({ hasText: "cert-manager/cert-manager-webhook" });
  const told = await webhook.textContent();
  assert.match(told, /6m10s \(5m59s–6m20s\)/);
  assert.match(told, /until it is noticed 50s \+ tolerated 5m00s \+ starting 20s/);
  await assertClean(page);
});

test("another deed is timed anew, and undoing all forgets it", async () => {
  const page = await timeline();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Nothing has failed yet: fail a node, and see here").waitFor();
  await page.getByRole("button", { name: "Redo" }).click();
  await rows(page).first().waitFor({ timeout: 60_000 });
  await assertClean(page);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await timeline({ colorScheme, viewport: { width, height: 900 } });
      await browser.picture(page, `timeline-${colorScheme}-${width}`);
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
