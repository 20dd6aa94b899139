// tools.mjs - finds the tools of the Node tests: by the environment (HELIOS_<NAME>), the folder
// toolchain/bin of the source tree, PATH. A missing tool ends the test as skipped (77).
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const SKIPPED = 77;
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

function runnable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function tool(name) {
  const folders = [join(root, "toolchain", "bin"), ...(process.env.PATH ?? "").split(delimiter)];
  const places = [process.env["HELIOS_" + name.toUpperCase()], ...folders.map((f) => join(f, name))];
  const found = places.find((place) => place && runnable(place));
  if (!found) {
    console.log(`skipped: no ${name}`);
    process.exit(SKIPPED);
  }
  return found;
}

// A folder that is gone when the process ends.
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "helios-node-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
