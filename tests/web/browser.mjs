// A real Chromium and a page in it that is watched: what it asks for, what its policy forbids, what
// goes wrong in it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdir, readFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function start(folder, executablePath) {
  const requests = [];
  const server = await serve(folder, (path) => requests.push(path));
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  return {
    requests,
    address: server.address,
    /// The server is gone, or back.
    pretendGone: server.pretendGone,
    /// A picture of all of it, for people to look at.
    async picture(page, name) {
      const folder = process.env.HOLDFAST_PICTURES;
      if (!folder) return;
      await mkdir(folder, { recursive: true });
      await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
    },
    /// The most MB of memory that a page and its workers took so far, where the system tells.
    async peak() {
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      const pages = processInfo.filter(({ type }) => type === "renderer");
      const peaks = pages.map(async ({ id }) => {
        const status = await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
        return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000;
      });
      return Math.round(Math.max(0, ...(await Promise.all(peaks))));
    },
    /// A page that nothing was loaded into.
    async blank() {
      return (await browser.newContext()).newPage();
    },
    /// A page that has loaded and is ready, in a context of its own.
    async open(options = {}) {
      const { fragment = "", address = server.address, watch = () => {}, ...rest } = options;
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        reducedMotion: "reduce",
        ...rest,
      });
      const page = await context.newPage();
      page.wrong = [];
      page.on("pageerror", (error) => page.wrong.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") page.wrong.push(message.text());
      });
      await page.addInitScript(() => {
        window.violations = [];
        document.addEventListener("securitypolicyviolation", (event) =>
          window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
      });
      watch(page);
      await page.goto(address + fragment);
      await ready(page);
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/// Until the page can be used.
export async function ready(page) {
  await page.waitForFunction(() => !document.getElementById("choose").disabled);
}

/// Nothing was forbidden to it, and nothing went wrong in it.
export async function assertClean(page) {
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(page.wrong, []);
}

/// Nothing for axe to complain about, by the rules of WCAG 2.2 A and AA and by its best practices.
export async function assertAccessible(page) {
  // Not by a script element: the page's policy, which is tested too, would forbid it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  const told = violations.map(({ id, nodes }) => ({
    id,
    at: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
  }));
  assert.deepEqual(told, []);
}

/// Nothing is wider than the window.
export async function assertFits(page) {
  const [wide, shown] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(wide <= shown, `${wide} pixels wide in ${shown}`);
}
