// Prints what the engine says of files in WebAssembly, a line each:
//   node parity.mjs holdfast_parity.wasm FILE…
import { existsSync, readFileSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const [module, ...paths] = process.argv.slice(2);
const compiled = new WebAssembly.Module(readFileSync(module));
const { put, end, ask, get } = new WebAssembly.Instance(compiled, imports()).exports;

// All that the engine asks of its host is the time, by a solver that only suggests prices. Here it
// stands still: no answer may depend on it.
function imports() {
  const all = {};
  for (const { module, name } of WebAssembly.Module.imports(compiled)) {
    all[module] ??= {};
    all[module][name] = () => {
      if (name.includes("throw")) throw new Error(name);
      return /_now_|is_undefined/.test(name) ? 0 : 1;
    };
  }
  return all;
}

function text(bytes) {
  for (const byte of bytes) put(byte);
  end();
}

function file(path) {
  text(Buffer.from(basename(path)));
  text(readFileSync(path));
}

function print(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

for (const path of paths) {
  file(path);
  const assumptions = join(dirname(path), "assumptions.yaml");
  if (existsSync(assumptions)) file(assumptions);
  const answer = Buffer.alloc(ask());
  for (let at = 0; at < answer.length; at++) answer[at] = get(at);
  print(Buffer.concat([Buffer.from(`${path} `), answer, Buffer.from("\n")]));
}
