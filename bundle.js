// Bundles a package's entries: a process that loads sixty small modules spends 50 ms on finding them.
// TypeScript has written the declarations beside them (tsc -b); sources stay in the package for the source maps.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { bundlePage } from "./bundle-page.js";

const packages = [
  {
    folder: "packages/core",
    /** What of these is shared is one file, with all of the first; else it would be one for each combination of them. */
    together: [
      "index",
      "testing",
      "transports/zeromq/transport",
      "transports/shared-memory/transport",
      "tasks/journal",
      "recording/recording",
    ],
    apart: ["bootstrap", "wire/progress"],
    /** Without anything shared: every rank loads them. */
    alone: [],
    /** Libraries that become part of it. What is native, or must exist once, stays outside. */
    libraries: ["msgpackr", "fastest-levenshtein"],
  },
  {
    folder: "packages/launcher",
    together: ["job/run", "cli", "agent-main", "doctor/doctor", "doctor-probe", "map-program", "job/remote-agents"],
    apart: ["index", "testing", ...["index", "late"].map((each) => `typescript/${each}`)],
    alone: ["typescript/boot", "typescript/preload", "typescript/program-hooks", "typescript/register"],
    libraries: ["es-module-lexer", "fastest-levenshtein", "import-meta-resolve"],
    /** The page of `tsmpi report`, in one file. */
    page: true,
  },
];

for (const { folder, together, apart, alone, libraries, page } of packages) {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(`${folder}/package.json`, "utf8"),
  );
  const own = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const source = (entry) => resolve(folder, "src", `${entry}.ts`);
  rmSync(`${folder}/dist/chunks`, { recursive: true, force: true });
  const options = {
    absWorkingDir: resolve(folder),
    outbase: "src",
    outdir: "dist",
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: own.filter((name) => !libraries.includes(name)),
    sourcemap: "external", // beside the code, for debuggers: with --enable-source-maps each rank would read what it names
    sourcesContent: false,
    logLevel: "warning",
    ignoreAnnotations: true, // "sideEffects" would drop the import that keeps things together
    logOverride: { "unsupported-dynamic-import": "silent" }, // it is the user's
  };
  await build({
    ...options,
    entryPoints: [...together, ...apart].map(source),
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    plugins: [sharing(together.map(source)), outside(alone.map(source))],
  });
  await build({ ...options, entryPoints: alone.map(source) });
  const inPage = page ? await bundlePage(folder) : [];
  const licenses = [...libraries.map((name) => licenseOf(name, folder)), ...inPage.map(licenseIn)];
  writeFileSync(`${folder}/dist/THIRD-PARTY-LICENSES.txt`, licenses.join("\n\n"));
}

/** Makes each of these files import the first. */
function sharing([first, ...others]) {
  return {
    name: "together",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^together$/ }, () => ({ path: first }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!others.includes(path)) return undefined;
        return { contents: `${readFileSync(path, "utf8")}\nimport "together";`, loader: "ts" };
      });
    },
  };
}

/** Leaves these to be found beside whoever imports them. */
function outside(files) {
  return {
    name: "outside",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, importer }) => {
        if (!files.includes(resolve(dirname(importer), path))) return undefined;
        return { path: path.replace(/\.ts$/, ".js"), external: true };
      });
    },
  };
}

function licenseOf(name, folder) {
  const start = createRequire(join(resolve(folder), "package.json")).resolve.paths(name);
  for (const modules of start) {
    const text = readLicense(join(modules, name));
    if (text !== undefined) return `${name}\n\n${text}`;
  }
  throw new Error(`${name} has no license`);
}

/** The license of the package in a directory. */
function licenseIn(directory) {
  const { name } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const text = readLicense(directory);
  if (text === undefined) throw new Error(`${name} has no license`);
  return `${name}\n\n${text}`;
}

function readLicense(directory) {
  for (const file of ["LICENSE", "license", "LICENSE.md"]) {
    try {
      return readFileSync(join(directory, file), "utf8");
    } catch {}
  }
  return undefined;
}
