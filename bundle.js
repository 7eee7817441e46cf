// Bundles a package's entries: a process that loads sixty small modules spends 50 ms on finding them.
// TypeScript has written the declarations beside them (tsc -b); sources stay in the package for the source maps.
//
// node bundle.js packages/core [entry below src, besides those of the manifest's exports] ...
import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";

const [folder, ...others] = process.argv.slice(2);
const { exports } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const exported = Object.values(exports).map((file) => file.replace("./dist/", "").replace(/js$/, "ts"));
rmSync(`${folder}/dist/chunks`, { recursive: true, force: true });

await build({
  absWorkingDir: resolve(folder),
  entryPoints: [...exported, ...others].map((file) => `src/${file}`),
  outbase: "src",
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  sourcemap: "external", // beside the code, for debuggers: with --enable-source-maps each rank would read what it names
  sourcesContent: false,
  logLevel: "warning",
});
