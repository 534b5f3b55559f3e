// Starts the page's wasm, and tightens the page's policy once all is here: from then on the browser
// refuses every connection, also of workers, which inherit the policy through their blob: address.
const status = document.getElementById("status");

// A file dropped before the page listens must not replace the page.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => event.preventDefault());
}

// `holdfast open` serves one export beside the page, whose name stands in the address.
const opened = offline ? new URLSearchParams(location.search).get("open") : null;

async function handed() {
  if (!opened) return null;
  const answer = await fetch("./export");
  if (!answer.ok) throw new Error(`the export was not handed over (${answer.status})`);
  return new File([await answer.blob()], opened);
}

// As if somebody had chosen it.
function hand(file) {
  const files = new DataTransfer();
  files.items.add(file);
  const input = document.getElementById("files");
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
}

function seal() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'none'";
  document.head.append(policy);
}

try {
  const answer = load();
  // Hosts that do not know the type of wasm are no reason to give up.
  const module = await WebAssembly.compileStreaming(answer.then((it) => it.clone())).catch(
    async () => WebAssembly.compile(await (await answer).arrayBuffer()),
  );
  document.body.dataset.glue = glue;
  const export_ = await handed();
  seal();
  await start({ module_or_path: module });
  if (export_) hand(export_);
} catch (error) {
  status.textContent = `This browser cannot run Holdfast: ${error}`;
  status.classList.add("failed");
}

// What the browser keeps for this page: its files, so that it works offline, and the theme.
async function forget() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("holdfast.")) localStorage.removeItem(key);
  }
  for (const name of await globalThis.caches?.keys() ?? []) {
    if (name.startsWith("holdfast-")) await caches.delete(name);
  }
  const all = await navigator.serviceWorker?.getRegistrations() ?? [];
  const own = all.filter(({ scope }) => location.href.startsWith(scope));
  await Promise.all(own.map((registration) => registration.unregister()));
}

addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-forget]");
  if (!button) return;
  const said = (what) => (button.textContent = what);
  forget().then(() => said("Forgotten: nothing is kept any more"), (why) => said(String(why)));
});

// Offline: the folder's own files, nothing else. A file opened from disk has no service worker.
if (offline && !opened && "serviceWorker" in navigator && location.protocol.startsWith("http")) {
  // Another tab may load a newer version, which tells the files that it is made of.
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    const known = data.files?.some((file) => own.endsWith(file.slice(1)));
    if (known === false) document.getElementById("update").hidden = false;
  });
  document.getElementById("reload").addEventListener("click", () => location.reload());
  navigator.serviceWorker.register("./service-worker.js").catch(() => {});
}
