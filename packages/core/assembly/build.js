// Compiles the AssemblyScript of this folder into `src/wasm/binary.ts`, a text, so that it travels inside any bundle.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const target = join(folder, "../src/wasm/binary.ts");

const sources = readdirSync(folder)
  .filter((name) => /\.(ts|js)$/.test(name))
  .map((name) => readFileSync(join(folder, name)));
const { version } = createRequire(import.meta.url)("assemblyscript/package.json");
const hash = sources
  .reduce((sum, text) => sum.update(text), createHash("sha256"))
  .update(version)
  .digest("hex");
if (!readIfAny(target).includes(hash)) {
  const { default: asc } = await import("assemblyscript/asc"); // takes a second to load
  const files = new Map();
  const options = {
    stdout: process.stdout,
    stderr: process.stderr,
    writeFile: (name, contents) => void files.set(name, contents),
  };
  const features = ["simd", "threads", "bulk-memory"].flatMap((feature) => ["--enable", feature]);
  const how = ["-Os", "--converge", "--noAssert", "--runtime", "stub", "--importMemory", ...features];
  const entry = join(folder, "index.ts");
  const { error } = await asc.main([entry, "--baseDir", folder, "--outFile", "out.wasm", ...how], options);
  if (error) throw error;
  const text = Buffer.from(files.get("out.wasm")).toString("base64");
  writeFileSync(
    target,
    `// Made by assembly/build.js from sources with this hash: ${hash}\n/** The module, in base64. */\nexport const binary: string =\n  "${text}";\n`,
  );
}

function readIfAny(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
