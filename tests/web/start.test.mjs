// The first view: it is there at once, it is ready soon, and then it asks for nothing more.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, assertClean, ready, start } from "./browser.mjs";

let browser;
before(async () => {
  browser = await start(process.env.HOLDFAST_DIST, process.env.HOLDFAST_CHROMIUM);
});
after(() => browser.close());

test("says what it is before the wasm has arrived", async () => {
  const page = await browser.blank();
  await page.route("**/*.wasm", () => {});
  await page.goto(browser.address, { waitUntil: "commit" });
  await page.getByText("Nothing is uploaded").waitFor();
  assert.equal(await page.locator("#status").textContent(), "Getting ready…");
  assert.ok(await page.locator("#choose").isDisabled());
});

test("tells why it does not start", async () => {
  const page = await browser.blank();
  await page.route("**/*.wasm", (route) => route.fulfill({ body: "no wasm" }));
  await page.goto(browser.address);
  await page.getByText("This browser cannot run Holdfast").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280, 2560]) {
    test(`is accessible and fits, ${colorScheme}, ${width} pixels`, async () => {
      const page = await browser.open({ colorScheme, viewport: { width, height: 900 } });
      await browser.picture(page, `start-${colorScheme}-${width}`);
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

test("keeps a theme that was chosen", async () => {
  const page = await browser.open({ colorScheme: "light" });
  await page.getByRole("button", { name: "Theme" }).click();
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await paper();
  await page.reload();
  await ready(page);
  assert.equal(await paper(), dark);
  await page.getByRole("button", { name: "Theme" }).click();
  assert.notEqual(await paper(), dark);
});

test("the browser refuses every connection once the page has loaded", async () => {
  const page = await browser.open();
  const refused = await page.evaluate(async () => {
    const outcome = (promise) => promise.then(() => "went through", () => "refused");
    const own = await outcome(fetch("./index.html"));
    const other = await outcome(fetch("https://example.com/"));
    const script = 'fetch("ADDRESS").then(() => postMessage("went through"), ' +
      '() => postMessage("refused"))';
    const blob = new Blob([script.replace("ADDRESS", location.href)]);
    const worker = new Worker(URL.createObjectURL(blob));
    const inWorker = await new Promise((done) => worker.addEventListener("message", (event) =>
      done(event.data)));
    return [own, other, inWorker];
  });
  assert.deepEqual(refused, ["refused", "refused", "refused"]);
});

test("works offline after the first visit", async () => {
  const page = await browser.open();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const complete = async () => {
      for (const name of await caches.keys()) {
        const kept = await (await caches.open(name)).keys();
        if (kept.some(({ url }) => url.endsWith(".wasm"))) return true;
      }
      return false;
    };
    while (!(await complete())) await new Promise((again) => setTimeout(again, 50));
  });
  browser.pretendGone(true);
  try {
    await page.reload();
    await ready(page);
    await page.getByRole("heading", { level: 1 }).waitFor();
  } finally {
    browser.pretendGone(false);
  }
});
