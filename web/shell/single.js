// The page as one file: the glue stands above in this very script, and the wasm beside it, packed. The
// worker begins with this script, too, and as no module: browsers start none out of a file on disk.
const start = __wbg_init;
const glue = "";
const own = "";
const offline = false;

async function load() {
  const packed = atob(document.getElementById("wasm").textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked, { headers: { "Content-Type": "application/wasm" } });
}

async function begin() {
{{page}}
}

if (globalThis.document) {
  begin();
} else {
  addEventListener("message", ({ data }) => start({ module_or_path: data }), { once: true });
}
