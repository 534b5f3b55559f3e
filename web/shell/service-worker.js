// Keeps the page usable offline. Hashed files never change under their name, so what is kept is
// never out of date; the page itself is asked for first, and kept for when nobody answers.
const KEPT = "holdfast-{{build}}";
const FILES = {{files}};

addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(KEPT).then((kept) => kept.addAll(FILES)).then(() => self.skipWaiting()),
  );
});

addEventListener("activate", (event) => {
  const stale = (name) => name.startsWith("holdfast-") && name !== KEPT;
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter(stale).map((name) => caches.delete(name))))
      .then(() => self.clients.claim())
      .then(() => self.clients.matchAll())
      .then((pages) => pages.forEach((page) => page.postMessage({ files: FILES }))),
  );
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  const kept = () => caches.open(KEPT).then((it) => it.match(request, { ignoreSearch: true }));
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () =>
      (await kept()) ?? (await caches.open(KEPT)).match("./")));
  } else {
    event.respondWith(kept().then((found) => found ?? fetch(request)));
  }
});
