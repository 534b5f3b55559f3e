// A cluster on the map: opened in every way, failed by click and by key, undone, told as a table.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, start } from "./browser.mjs";

const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

const MANIFEST = `apiVersion: v1
kind: Node
metadata: { name: pasted-node }
status: { allocatable: { cpu: "2", memory: 4Gi, pods: "110" } }
---
apiVersion: v1
kind: Pod
metadata: { name: pasted-pod, namespace: default }
spec: { nodeName: pasted-node, containers: [{ name: only, image: only }] }
`;

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

const sample = (page, name) => page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
const node = (page, name, how = "") =>
  page.getByRole("button", { name: new RegExp(`^${name} ?, ${how}`) });
const sentence = (page) => page.locator("#sentence");

/// Until an answer is there.
async function answered(page, pattern) {
  await sentence(page).filter({ hasText: pattern }).waitFor();
}

test("a file is picked, dropped and pasted, and nothing is asked of the network", async () => {
  const page = await browser.open();
  await page.waitForLoadState("networkidle");
  const asked = browser.requests.length;
  const opened = () => node(page, "homelab-02").waitFor();
  const back = () => page.getByRole("button", { name: "Open another" }).click();

  await page.locator("#files").setInputFiles(HOMELAB);
  await opened();
  await back();

  const text = await readFile(HOMELAB, "utf8");
  const transfer = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "dropped.json"));
    return transfer;
  }, text);
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
  await opened();
  assert.match(await page.locator(".opened").textContent(), /dropped\.json/);
  await back();

  await page.getByRole("button", { name: "Paste" }).click();
  await page.locator("#paste-text").fill(MANIFEST);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await node(page, "pasted-node").waitFor();

  await page.getByRole("button", { name: "Fail pasted-node" }).click();
  await answered(page, /pasted-node/);
  assert.deepEqual(browser.requests.slice(asked), []);
  await assertClean(page);
});

const SAMPLES = [["Homelab", "homelab-01"], ["Edge", "master"], ["Zero SPOF", "blackboar"]];
for (const [name, first] of SAMPLES) {
  test(`one click opens ${name}`, async () => {
    const page = await browser.open();
    await sample(page, name);
    await node(page, first).waitFor();
    await assertClean(page);
  });
}

test("a node fails by click and recovers by undo", async () => {
  const page = await browser.open();
  await sample(page, "Homelab");
  const told = () => node(page, "homelab-02").locator(".unseen").textContent();
  await node(page, "homelab-02").waitFor();
  const before = await told();
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await node(page, "homelab-02", "Failed").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await node(page, "homelab-02", "Ready").waitFor();
  assert.equal(await told(), before);
  await page.getByRole("button", { name: "Redo" }).click();
  await node(page, "homelab-02", "Failed").waitFor();
  await page.getByRole("button", { name: "Start over" }).click();
  await node(page, "homelab-02", "Ready").waitFor();
  assert.equal(await told(), before);
});

test("everything can be done by keyboard alone", async () => {
  const page = await browser.open();
  await sample(page, "Homelab");
  await node(page, "homelab-01").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^homelab-02/);
  await page.keyboard.press("f");
  await node(page, "homelab-02", "Failed").waitFor();
  await page.keyboard.press("End");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^homelab-04/);
  await page.keyboard.press("c");
  await node(page, "homelab-04", "Cordoned").waitFor();
  await page.keyboard.press("Control+z");
  await node(page, "homelab-04", "Ready").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "homelab-04" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("complementary").waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
});

test("the table says what the map shows", async () => {
  const page = await browser.open();
  await sample(page, "Homelab");
  await page.getByRole("button", { name: "Fail homelab-02" }).click();
  await node(page, "homelab-02", "Failed").waitFor();
  const tile = await node(page, "homelab-03").textContent();
  await page.getByRole("button", { name: "Table" }).click();
  const row = page.getByRole("row", { name: /homelab-03/ });
  const pods = await row.getByRole("cell").nth(4).textContent();
  assert.ok(tile.includes(pods), `${tile} has no ${pods}`);
  await page.getByRole("row", { name: /homelab-02.*Failed/ }).waitFor();
});

test("what cannot be opened says why", async () => {
  const page = await browser.open();
  await page.locator("#files").setInputFiles({
    name: "broken.json",
    mimeType: "application/json",
    buffer: Buffer.from('{"kind": "List", "items": ['),
  });
  const status = page.locator("#status.failed");
  await status.waitFor();
  assert.match(await status.textContent(), /broken\.json/);
  await sample(page, "Edge");
  await node(page, "master").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await browser.open({ colorScheme, viewport: { width, height: 900 } });
      const fits = async () => {
        const [wide, shown] = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return [scrollWidth, clientWidth];
        });
        assert.ok(wide <= shown, `${wide} pixels wide in ${shown}`);
      };
      await sample(page, "Homelab");
      await node(page, "homelab-02").waitFor();
      await browser.picture(page, `map-${colorScheme}-${width}`);
      await assertAccessible(page);
      await page.getByRole("button", { name: "Fail homelab-04" }).click();
      await node(page, "homelab-04", "Failed").waitFor();
      await node(page, "homelab-03").click();
      await browser.picture(page, `failed-${colorScheme}-${width}`);
      await fits();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Table" }).click();
      await browser.picture(page, `table-${colorScheme}-${width}`);
      await fits();
      await assertAccessible(page);
      await assertClean(page);
    });
  }
}
