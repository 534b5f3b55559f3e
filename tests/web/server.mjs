// The page as any static host serves it: below a path of its own, with no header but the type.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/// Serves `folder` below `/some/path/`; tells every request to `asked`.
export async function serve(folder, asked) {
  const base = "/some/path/";
  let gone = false;
  const server = createServer(async (request, response) => {
    if (gone) return request.socket.destroy();
    const path = new URL(request.url, "http://localhost").pathname;
    asked(path);
    const name = path.startsWith(base) ? path.slice(base.length) || "index.html" : "..";
    const file = normalize(join(folder, name));
    try {
      if (!file.startsWith(folder)) throw new Error("outside");
      const body = await readFile(file);
      response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "text/plain" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  return {
    address: `http://127.0.0.1:${port}${base}`,
    pretendGone: (it) => (gone = it),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
