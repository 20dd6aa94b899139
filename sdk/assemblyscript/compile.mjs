// compile.mjs - asc as a function, with the transform and the SDK that lies here or in the project: for heliosc
// (build.mjs) and for tests (mock.mjs). Must write nothing.
import { existsSync, promises as fs } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const SDK = path.dirname(fileURLToPath(import.meta.url));
const NAME = "heliosdb-as";
const LEVELS = { 0: "note", 1: "note", 2: "warning", 3: "error" };
// Names of functions stay: the errors of traps show them.
const FLAGS = ["--optimize", "--debug", "--runtime", "incremental", "--enable", "simd", "--noColors"];

// The SDK of the project if it has one, else this. reads: as compile's.
function sdkFolder(root, reads) {
  for (let folder = root; ; folder = path.dirname(folder)) {
    const there = path.join(folder, "node_modules", NAME);
    if (existsSync(path.join(there, "transform.mjs"))) {
      for (const name of ["transform.mjs", "procedures.mjs"]) reads.add("+" + path.join(there, name));
      return there;
    }
    reads.add("-" + path.join(there, "transform.mjs"));
    if (folder === path.dirname(folder)) return SDK;
  }
}

async function readText(file, reads) {
  let text = null;
  try {
    text = await fs.readFile(file, "utf8");
  } catch {
    // not there, or not to be seen
  }
  if (!file.startsWith(SDK + path.sep)) reads.add((text === null ? "-" : "+") + file);
  return text;
}

function place(range, texts) {
  const name = range?.source?.normalizedPath, text = texts.get(name);
  if (text === undefined) return name === undefined ? {} : { file: name };
  const before = text.slice(0, range.start);
  return { file: name, line: before.split("\n").length, column: range.start - before.lastIndexOf("\n") };
}

// main: asc's. root: the project's folder. entry or config: a path within it. Gives { module (bytes, or null),
// messages: [{ level, text, file, line, column }], reads }: reads has "+PATH" of files that were read, "-PATH" of
// those that were not there, and "!" if there may be others.
export async function compile({ main, root, entry, config }) {
  const reads = new Set(), texts = new Map(), messages = [], sdk = sdkFolder(root, reads);
  const { default: transform } = await import(pathToFileURL(path.join(sdk, "transform.mjs")));
  if (config !== undefined && /"(transform|extends)"/.test(await readText(path.join(root, config), reads) ?? "")) reads.add("!");
  const what = config === undefined ? [entry, "--config", "none.json", ...FLAGS] : ["--config", config, "--target", "release"];
  const silent = { write() {}, isTTY: false };
  let module = null;
  const { error } = await main([...what, "--baseDir", root, "--outFile", "module.wasm"], {
    stdout: silent,
    stderr: silent,
    transforms: [transform],
    writeFile: (name, contents) => { if (name.endsWith(".wasm")) module = contents; },
    async readFile(name, base) {
      const at = `/node_modules/${NAME}/`, full = path.resolve(base, name), i = full.lastIndexOf(at);
      const text = await readText(i >= 0 ? path.join(sdk, full.slice(i + at.length)) : full, reads);
      if (text !== null) texts.set(name, text);
      return text;
    },
    reportDiagnostic(d) {
      const text = d.message.replace(/^Transform 'heliosdb': /, "");
      if (d.category >= 2) messages.push({ level: LEVELS[d.category], text, ...place(d.range, texts) });
    },
  });
  if (error && messages.length === 0) messages.push({ level: "error", text: error.message });
  return { module: error ? null : module, messages, reads };
}
