// `holdfast open` shows the page with an export loaded, and then nothing more is asked of its server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { assertClean, start } from "./browser.mjs";

const COMMAND = process.env.HOLDFAST_COMMAND;
const FOLDER = process.env.HOLDFAST_DIST;
const HOMELAB = new URL("../../fixtures/homelab/cluster.json", import.meta.url).pathname;

let browser;
before(async () => {
  browser = await start(FOLDER, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

test("the export is open, and the browser refuses every connection", { skip: !COMMAND }, async () => {
  const words = ["open", HOMELAB, "--no-browser", "--page", FOLDER];
  const server = spawn(COMMAND, words, { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const [line] = await once(server.stdout, "data");
    const asked = [];
    const page = await browser.open({
      address: String(line).trim(),
      watch: (page) => page.on("request", (request) => asked.push(request.url())),
    });
    await page.getByText("4 nodes").waitFor();
    assert.equal(asked.filter((url) => url.endsWith("/export")).length, 1);
    const loaded = asked.length;
    await page.getByRole("button", { name: "Fail homelab-02" }).click();
    await page.locator("#sentence").filter({ hasText: "homelab-02 fails: " }).waitFor();
    await page.getByRole("button", { name: "Report and link" }).click();
    await page.getByText("only this machine knows this address").waitFor();
    assert.equal(asked.length, loaded);
    assert.equal((await page.evaluate(() => navigator.serviceWorker.getRegistrations())).length, 0);
    await assertClean(page);
    const refused = await page.evaluate(() => fetch("./export").then(() => "went", () => "refused"));
    assert.equal(refused, "refused");
  } finally {
    server.kill();
  }
});
