// How fast the page is: `node bench.mjs EXPORT [sweep]`, with a page and a browser as the tests have
// them. Prints one line of JSON: milliseconds, and MB of memory. A longest task of 0 is one below
// 50 ms, as browsers tell of no shorter ones.
import { start } from "./browser.mjs";

const RUNS = 5;
const WAIT = { timeout: 600_000 };
const [file, sweeps] = process.argv.slice(2);
const browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
const told = {};
const round = (number) => Math.round(number * 10) / 10;

/// A page with the export, on a machine with so many cores as it says, and what that took.
async function opened(cores) {
  const page = await browser.open();
  const interactive = await page.evaluate(() => performance.now());
  await page.evaluate((cores) => {
    window.tasks = [];
    new PerformanceObserver((list) =>
      window.tasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ type: "longtask" });
    if (cores) Object.defineProperty(navigator, "hardwareConcurrency", { get: () => cores });
  }, cores);
  const begun = performance.now();
  await page.locator("#files").setInputFiles(file);
  await page.locator(".map").waitFor(WAIT);
  return { page, interactive, took: performance.now() - begun };
}

/// The longest task on the main thread since this was asked last.
async function longest(page) {
  await page.waitForTimeout(300);
  return round(Math.max(0, ...(await page.evaluate(() => window.tasks.splice(0)))));
}

/// From the click to the first frame that has the sentence, as the page itself measures it.
const click = (page) =>
  page.evaluate(() => new Promise((done) => {
    const sentence = document.getElementById("sentence");
    const from = performance.now();
    const watch = new MutationObserver(() => {
      if (!sentence.textContent.includes(" fails: ")) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
    });
    watch.observe(sentence, { childList: true, characterData: true, subtree: true });
    document.querySelector(".tile .power").click();
  }));

/// All failures of one node, from the click on the tab to the last verdict.
async function sweep(page) {
  const begun = performance.now();
  await page.getByRole("button", { name: "Matrix", exact: true }).click();
  await page.getByText(/^All \d+ sets are proved about\.$/).waitFor(WAIT);
  return round(performance.now() - begun);
}

{
  const { page, interactive, took } = await opened();
  Object.assign(told, { interactive: round(interactive), opened: round(took) });
  told.openTask = await longest(page);
  told.peakMb = await browser.peak();
  const clicks = [];
  for (let run = 0; run < RUNS; run += 1) {
    clicks.push(await click(page));
    await page.getByRole("button", { name: "Undo" }).click();
    await page.waitForTimeout(200);
  }
  told.first = round(clicks[0]);
  told.click = round(Math.min(...clicks.slice(1)));
  told.clickTask = await longest(page);
  if (sweeps) {
    told.sweep = await sweep(page);
    told.sweepTask = await longest(page);
  }
  await page.context().close();
}
if (sweeps) {
  const { page } = await opened(1);
  told.sweepAlone = await sweep(page);
}
console.log(JSON.stringify(told));
await browser.close();
