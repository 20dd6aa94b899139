// build.mjs - heliosc's way to asc: `node build.mjs JOB`, a JSON object: asc (folder of the package assemblyscript),
// root (the project's folder), entry or config (paths within it). What asc has to say goes to standard output, a
// JSON object a line. Writes source.wasm, and source.reads for heliosc's cache: lines "+PATH" of files that were
// read, "-PATH" of those that were not there, "!" if there may be others. Must write nothing else.
import { existsSync, promises as fs } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const SDK = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const NAME = "heliosdb-as";
const MESSAGES = 20; // heliosc hears 4 KiB
const LEVELS = { 0: "note", 1: "note", 2: "warning", 3: "error" };
const FLAGS = ["--optimize", "--runtime", "incremental", "--enable", "simd", "--noColors"];

const job = JSON.parse(process.argv[2]);
const texts = new Map(); // sources that were read, by their names here
const reads = new Set();

// The SDK of the project if it has one, else heliosc's.
function sdkFolder() {
  for (let folder = job.root; ; folder = path.dirname(folder)) {
    const there = path.join(folder, "node_modules", NAME);
    if (existsSync(path.join(there, "transform.mjs"))) {
      for (const name of ["transform.mjs", "procedures.mjs"]) reads.add("+" + path.join(there, name));
      return there;
    }
    reads.add("-" + path.join(there, "transform.mjs"));
    if (folder === path.dirname(folder)) return SDK;
  }
}

async function readText(file) {
  let text = null;
  try {
    text = await fs.readFile(file, "utf8");
  } catch {
    // not there, or not to be seen
  }
  if (!file.startsWith(SDK + path.sep)) reads.add((text === null ? "-" : "+") + file);
  return text;
}

async function readFile(name, base) {
  const at = `/node_modules/${NAME}/`, full = path.resolve(base, name);
  const i = full.lastIndexOf(at);
  const text = await readText(i >= 0 ? path.join(sdk, full.slice(i + at.length)) : full);
  if (text !== null) texts.set(name, text);
  return text;
}

function place(range) {
  const name = range?.source?.normalizedPath, text = texts.get(name);
  if (text === undefined) return name === undefined ? {} : { file: name };
  const before = text.slice(0, range.start);
  return { file: name, line: before.split("\n").length, column: range.start - before.lastIndexOf("\n") };
}

let said = 0;
function say(level, text, range) {
  if (said++ < MESSAGES) console.log(JSON.stringify({ level, text: text.slice(0, 400), ...place(range) }));
}

function hear(d) {
  if (d.category >= 2) say(LEVELS[d.category], d.message.replace(/^Transform 'heliosdb': /, ""), d.range);
}

// What these numbers of the compiler's mean is written down for this release (procedures.mjs).
async function check() {
  const { version } = JSON.parse(await fs.readFile(path.join(job.asc, "package.json"), "utf8"));
  const old = parseInt(process.versions.node, 10) < 18;
  if (/^0\.28\./.test(version) && !old) return;
  say("error", old ? `node is ${process.versions.node}, needed is 18 or newer`
    : `assemblyscript is ${version}, needed is 0.28: npm install assemblyscript@0.28`);
  process.exit(1);
}

await check();
const sdk = sdkFolder();
const { main } = await import(pathToFileURL(path.join(job.asc, "dist/asc.js")));
const { default: transform } = await import(pathToFileURL(path.join(sdk, "transform.mjs")));
if (job.config !== undefined && /"(transform|extends)"/.test(await readText(path.join(job.root, job.config)) ?? "")) reads.add("!");
const files = job.config === undefined ? [job.entry, "--config", "none.json", ...FLAGS] : ["--config", job.config, "--target", "release"];
let module = null;
const silent = { write() {}, isTTY: false };
const { error } = await main([...files, "--baseDir", job.root, "--outFile", "module.wasm"], {
  stdout: silent,
  stderr: silent,
  readFile,
  writeFile: (name, contents) => { if (name.endsWith(".wasm")) module = contents; },
  transforms: [transform],
  reportDiagnostic: hear,
});
if (error && said === 0) say("error", error.message);
if (error || module === null) {
  process.exitCode = 1;
} else {
  await fs.writeFile("source.reads", [...reads].join("\n") + "\n");
  await fs.writeFile("source.wasm", module);
}
