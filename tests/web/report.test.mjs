// A report is handed on, and a link that does the same to the same export; what the browser keeps is
// forgotten when asked.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, start } from "./browser.mjs";

const fixture = (path) => new URL(`../../fixtures/${path}`, import.meta.url).pathname;
const HOMELAB = fixture("homelab/cluster.json");

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

const view = (page, name) => page.getByRole("button", { name, exact: true }).click();
const sentence = (page, says) => page.locator("#sentence").filter({ hasText: says }).waitFor();
const address = (page) => page.getByRole("textbox", { name: "Link to this" });

/// A cluster of which a node has failed, and what is handed on of it.
async function failed(open, options) {
  const page = await browser.open(options);
  await open(page);
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await sentence(page, "homelab-02 fails: ");
  await view(page, "Report and link");
  await page.locator(".preview").waitFor({ timeout: 120_000 });
  await address(page).waitFor();
  return page;
}

const file = (page) => page.locator("#files").setInputFiles(HOMELAB);
const sample = (page) => page.getByRole("button", { name: /^Homelab/ }).click();

async function download(page, name) {
  const button = page.getByRole("button", { name, exact: true });
  const [it] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return [it.suggestedFilename(), await readFile(await it.path(), "utf8")];
}

/// The fragment of the link that a page shows.
async function fragment(page) {
  const link = await address(page).inputValue();
  assert.ok(link.startsWith(browser.address) && link.length <= 2000, link);
  return link.slice(link.indexOf("#"));
}

test("a report says what was done and what came of it", async () => {
  const page = await failed(file);
  const digest = createHash("sha256").update(await readFile(HOMELAB)).digest("hex");
  const [name, markdown] = await download(page, "Save as Markdown");
  assert.equal(name, "report.md");
  const told = (await page.locator("#sentence").textContent()).split(", ")[0];
  for (const said of [digest, "fail:homelab-02", "## Failure map", told]) {
    assert.ok(markdown.includes(said), `${said} is missing in\n${markdown}`);
  }
  assert.equal(await page.locator(".preview").textContent(), markdown);
  const [, html] = await download(page, "Save as HTML");
  assert.ok(html.startsWith("<!DOCTYPE html>") && html.includes(digest));
  const folder = await mkdtemp(join(tmpdir(), "holdfast-report-"));
  try {
    await writeFile(join(folder, "report.html"), html);
    const report = await browser.blank();
    await report.goto(`file://${folder}/report.html`);
    await report.getByRole("heading", { name: "Failure map" }).waitFor();
    await assertAccessible(report);
  } finally {
    await rm(folder, { recursive: true });
  }
  await assertClean(page);
});

test("a link does the same to the same export, which it asks for", async () => {
  const page = await failed(file);
  await view(page, "Matrix");
  await page.getByText("All 5 sets are proved about.").waitFor({ timeout: 60_000 });
  await view(page, "Report and link");
  await address(page).waitFor();
  const link = await fragment(page);
  const other = await browser.open({ fragment: link });
  await other.getByText(/This link is for cluster\.json \(SHA-256 \w{12}…\)/).waitFor();
  await file(other);
  await sentence(other, "homelab-02 fails: ");
  assert.equal(await other.locator(".other-export").count(), 0);
  await assertClean(other);
});

test("a link for a cluster that comes with the page opens it, and the view", async () => {
  const page = await browser.open();
  await sample(page);
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await sentence(page, "homelab-02 fails: ");
  await view(page, "Report and link");
  await address(page).waitFor();
  const other = await browser.open({ fragment: await fragment(page) });
  await sentence(other, "homelab-02 fails: ");
  await assertClean(other);
});

test("another export than its own is told, and may be tried as far as names fit", async () => {
  const page = await failed(file);
  const link = await fragment(page);
  const other = await browser.open({ fragment: link });
  await other.locator("#files").setInputFiles(fixture("edge/cluster.json"));
  await other.getByText("this export is another").waitFor();
  await view(other, "Do it all the same");
  await sentence(other, "1 deed does not fit this export and was left out.");
  await assertClean(other);
});

test("links of other versions and damaged ones say so", async () => {
  const newer = await browser.open({ fragment: "#v9.abc" });
  await newer.getByText("made by another version of Holdfast").waitFor();
  const damaged = await browser.open({ fragment: "#v1.abc" });
  await damaged.getByText("was cut or changed on its way").waitFor();
  const none = await browser.open({ fragment: "#somewhere" });
  assert.equal(await none.locator("#status").textContent(), "Ready. Files stay in this tab.");
});

test("what is too long for a link is a file, which does the same", async () => {
  const page = await browser.open();
  await file(page);
  await view(page, "Policy");
  const words = Array.from({ length: 900 }, (_, at) => `# ${(at * 7919).toString(36)}`).join("\n");
  await page.getByLabel("The policy as YAML").fill(words);
  await view(page, "Map");
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await sentence(page, "homelab-02 fails: ");
  await view(page, "Report and link");
  await page.getByText("too long for a link").waitFor();
  const [name, link] = await download(page, "Save as a file");
  assert.equal(name, "cluster.holdfast.json");
  const folder = await mkdtemp(join(tmpdir(), "holdfast-link-"));
  try {
    await writeFile(join(folder, name), link);
    const other = await browser.open();
    await other.locator("#files").setInputFiles([join(folder, name), HOMELAB]);
    await sentence(other, "homelab-02 fails: ");
    await view(other, "Policy");
    assert.equal(await other.getByLabel("The policy as YAML").inputValue(), words);
    await assertClean(other);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("what the browser keeps is forgotten when asked", async () => {
  const page = await browser.open();
  await page.getByRole("button", { name: "Theme" }).click();
  const kept = () => page.evaluate(async () => [
    Object.keys(localStorage).length,
    (await caches.keys()).length,
    (await navigator.serviceWorker.getRegistrations()).length,
  ]);
  await page.evaluate(() => navigator.serviceWorker.ready);
  assert.deepEqual(await kept(), [1, 1, 1]);
  await page.getByRole("button", { name: "Forget everything" }).click();
  await page.getByText("Forgotten: nothing is kept any more").waitFor();
  assert.deepEqual(await kept(), [0, 0, 0]);
  await assertClean(page);
});

test("a newer version is told, and its own is not", async () => {
  const page = await browser.open();
  const hears = (file) => page.evaluate((file) =>
    navigator.serviceWorker.dispatchEvent(new MessageEvent("message", { data: { files: [file] } })),
  file);
  const own = await page.evaluate(() =>
    `./${document.querySelector("script[type=module]").src.split("/").at(-1)}`);
  await hears(own);
  assert.ok(await page.locator("#update").isHidden());
  await hears("./boot-0000000000000000.js");
  await page.getByText("A new version of Holdfast is there.").waitFor();
  await page.getByRole("button", { name: "Reload" }).click();
  await page.waitForFunction(() => document.getElementById("update").hidden);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await failed(file, { colorScheme, viewport: { width, height: 900 } });
      await browser.picture(page, `sharing-${colorScheme}-${width}`);
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

test("paper is white, without tools", async () => {
  const page = await failed(file, { colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
    "rgb(255, 255, 255)");
  assert.ok(await page.locator(".tools").isHidden());
  assert.ok(await page.locator(".preview").isVisible());
  await browser.picture(page, "sharing-print");
});
