// How fast the page is: `node bench.mjs EXPORT`, with a page and a browser as the tests have them.
// Prints one line of JSON: milliseconds, but for the node count.
import { start } from "./browser.mjs";

const RUNS = 5;
const browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
const page = await browser.open();
const interactive = await page.evaluate(() => performance.now());
await page.evaluate(() => {
  window.tasks = [];
  new PerformanceObserver((list) =>
    window.tasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({ type: "longtask" });
});
const longest = async () => {
  await page.waitForTimeout(300);
  const tasks = await page.evaluate(() => window.tasks.splice(0));
  return Math.max(0, ...tasks);
};

const begun = performance.now();
await page.locator("#files").setInputFiles(process.argv[2]);
await page.locator(".map").waitFor({ timeout: 120_000 });
const opened = performance.now() - begun;
const openTask = await longest();

/// From the click to the first frame that has the sentence, as the page itself measures it.
const click = () =>
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
const clicks = [];
for (let run = 0; run < RUNS; run += 1) {
  clicks.push(await click());
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForTimeout(200);
}
const clickTask = await longest();
const round = (number) => Math.round(number * 10) / 10;
console.log(JSON.stringify({
  interactive: round(interactive),
  opened: round(opened),
  first: round(clicks[0]),
  click: round(Math.min(...clicks.slice(1))),
  openTask: round(openTask),
  clickTask: round(clickTask),
}));
await browser.close();
