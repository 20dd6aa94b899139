// build.mjs - heliosc's way to asc: `node build.mjs JOB`, a JSON object: asc (folder of the package assemblyscript),
// root (the project's folder), entry or config (paths within it). What asc has to say goes to standard output, a
// JSON object a line. Writes source.wasm, and source.reads for heliosc's cache: compile.mjs says what is in it.
import { promises as fs } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { compile } from "./compile.mjs";

const MESSAGES = 20; // heliosc hears 4 KiB

function say(m) {
  console.log(JSON.stringify({ ...m, text: m.text.slice(0, 400) }));
}

// What numbers of the compiler's mean is written down for this release (procedures.mjs).
async function check(asc) {
  const { version } = JSON.parse(await fs.readFile(path.join(asc, "package.json"), "utf8"));
  const old = parseInt(process.versions.node, 10) < 18;
  if (/^0\.28\./.test(version) && !old) return;
  say({ level: "error", text: old ? `node is ${process.versions.node}, needed is 18 or newer`
    : `assemblyscript is ${version}, needed is 0.28: npm install assemblyscript@0.28` });
  process.exit(1);
}

const job = JSON.parse(process.argv[2]);
await check(job.asc);
const { main } = await import(pathToFileURL(path.join(job.asc, "dist/asc.js")));
const { module, messages, reads } = await compile({ main, ...job });
messages.slice(0, MESSAGES).forEach(say);
if (module === null) {
  process.exitCode = 1;
} else {
  await fs.writeFile("source.reads", [...reads].join("\n") + "\n");
  await fs.writeFile("source.wasm", module);
}
