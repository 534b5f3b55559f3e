// A sweep that several workers share comes to what one finds, and to the bytes of the command; who
// helped is gone afterwards, or as soon as somebody stops it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertClean, start } from "./browser.mjs";

const COMMAND = process.env.HOLDFAST_COMMAND;
const NODES = 260;

let browser;
let folder;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
  folder = await mkdtemp(join(tmpdir(), "holdfast-sharing-"));
});
after(async () => {
  await rm(folder, { recursive: true });
  await browser.close();
});

/// What the command prints; that something is refuted is no failure here.
function printed(...words) {
  try {
    return execFileSync(COMMAND, words, { cwd: folder, maxBuffer: 1 << 30, encoding: "utf8" });
  } catch (error) {
    if (!error.stdout) throw error;
    return error.stdout;
  }
}

/// An export with enough nodes to be worth a few workers.
async function exported() {
  const file = join(folder, "many.json");
  await writeFile(file, printed("synth", "--nodes", `${NODES}`, "--pods", "2600", "--seed", "3"));
  return file;
}

/// A page on a machine that has so many cores, as it says, with the matrix begun; and the most
/// workers that there were at once.
async function begun(cores, file) {
  const page = await browser.open();
  page.most = 1;
  page.on("worker", () => (page.most = Math.max(page.most, page.workers().length)));
  await page.evaluate((cores) => {
    Object.defineProperty(navigator, "hardwareConcurrency", { get: () => cores });
    Object.defineProperty(navigator, "deviceMemory", { get: () => 8 });
  }, cores);
  await page.locator("#files").setInputFiles(file);
  await page.getByRole("button", { name: "Matrix" }).click();
  return page;
}

const complete = (page) =>
  page.getByText(`All ${NODES + 1} sets are proved about.`).waitFor({ timeout: 300_000 });

/// The rows that are shown, with what stands in each cell.
const rows = (page) =>
  page.locator("table.matrix tbody tr").evaluateAll((rows) => rows.map((row) => row.innerText));

test("several workers find what one finds", { skip: !COMMAND }, async () => {
  const file = await exported();
  const alone = await begun(1, file);
  const shared = await begun(4, file);
  await shared.getByText("by 4 workers").waitFor({ timeout: 60_000 });
  await Promise.all([complete(alone), complete(shared)]);
  assert.deepEqual([alone.most, shared.most], [1, 4]);
  assert.deepEqual(await rows(shared), await rows(alone));
  assert.equal(shared.workers().length, 1, "who helped is gone");

  await shared.getByRole("button", { name: "Proofs and plans" }).click();
  await shared.getByRole("button", { name: "What survives any one node?" }).click();
  const save = shared.getByRole("button", { name: "Save as JSON" });
  await save.waitFor({ timeout: 60_000 });
  const [download] = await Promise.all([shared.waitForEvent("download"), save.click()]);
  const joined = await readFile(await download.path(), "utf8");
  assert.ok(joined === printed("prove", "-o", "json", "many.json"), "the bytes of the command");
  await assertClean(alone);
  await assertClean(shared);
});

/// The same with so many failures that there is time to do something meanwhile.
async function busy(cores) {
  const page = await begun(cores, await exported());
  await complete(page);
  await page.getByLabel("If this fails:").selectOption("any two nodes");
  await page.getByText(`by ${cores} workers`).waitFor({ timeout: 60_000 });
  return page;
}

/// How many sets are done, as the page says.
const done = async (page) =>
  parseInt(await page.getByText("are proved about").textContent(), 10);

test("whoever stops it frees the helpers, and may go on", { skip: !COMMAND }, async () => {
  const page = await busy(3);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor();
  assert.equal(page.workers().length, 1);
  const before = await done(page);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("by 3 workers").waitFor({ timeout: 60_000 });
  while ((await done(page)) <= before) await page.waitForTimeout(50);
  await assertClean(page);
});

test("a click is answered while others work, and a change sends them away", { skip: !COMMAND }, async () => {
  const page = await busy(2);
  const view = (name) => page.getByRole("button", { name, exact: true }).click();
  await view("Map");
  await page.locator(".tile .power").first().click();
  await page.locator("#sentence").filter({ hasText: " fails: " }).waitFor();
  assert.equal(page.workers().length, 2);
  await view("Matrix");
  const before = await done(page);
  while ((await done(page)) <= before) await page.waitForTimeout(50);
  await view("What if");
  await page.getByRole("button", { name: "Add the node" }).click();
  await page.locator(".done li").filter({ hasText: "--add-node" }).waitFor({ timeout: 60_000 });
  assert.equal(page.workers().length, 1);
  await assertClean(page);
});
