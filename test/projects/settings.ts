import type { Sample } from "./sample.ts";

const alias = `export async function resolve(name, context, next) { return next(name.replace(/^app:/, new URL("./", import.meta.url).href), context); }`;

/** Options of Node, hooks, conditions, tsconfig.json. */
export const settings: Record<string, Sample> = {
  "a condition in NODE_OPTIONS": {
    files: {
      "main.mjs": `import { which } from "pack"; console.log(which);`,
      "node_modules/pack/package.json": `{ "exports": { "custom": "./custom.mjs", "default": "./default.mjs" } }`,
      "node_modules/pack/custom.mjs": `export const which = "custom";`,
      "node_modules/pack/default.mjs": `export const which = "default";`,
    },
    script: "main.mjs",
    nodeOptions: "--conditions=custom",
    out: "custom",
    node: "each",
  },
  "a condition for #names, in TypeScript": {
    files: {
      "package.json": `{ "type": "module", "imports": { "#x": { "dev": "./dev.ts", "default": "./x.ts" } } }`,
      "main.ts": `import { which } from "#x"; console.log(which, (await import("#x".trim())).which);`,
      "dev.ts": `export const which: string = "dev";`,
      "x.ts": `export const which: string = "x";`,
    },
    nodeOptions: "-C dev",
    out: "dev dev",
    node: "types",
  },
  "--preserve-symlinks": {
    files: {
      "main.mjs": `import { which } from "./linked/x.mjs"; console.log(which);`,
      "real/x.mjs": `export { which } from "../beside.mjs";`,
      "beside.mjs": `export const which = "beside the link";`,
      "deep/linked/.keep": "",
      "deep/real/x.mjs": `export { which } from "../beside.mjs";`,
      "deep/beside.mjs": `export const which = "beside the file";`,
    },
    links: { linked: "deep/real" },
    script: "main.mjs",
    nodeOptions: "--preserve-symlinks",
    out: "beside the link",
    node: "each",
  },
  "aliases of a hook on a thread": {
    files: {
      "main.mjs": `import { x } from "app:x.mjs"; console.log(x, (await import("app:" + "x.mjs")).x === x);`,
      "x.mjs": `export const x = "alias";`,
      "alias.mjs": alias,
      "register.mjs": `import { register } from "node:module"; register("./alias.mjs", import.meta.url);`,
    },
    script: "main.mjs",
    nodeOptions: "--import ./register.mjs",
    out: "alias true",
    node: "each",
  },
  "aliases of a hook in place, for TypeScript": {
    files: {
      "package.json": `{ "type": "module" }`,
      "main.ts": `import { x } from "app/x.ts"; import { x as same } from "./x.ts"; console.log(x === same);`,
      "x.ts": `export const x: object = {};`,
      "register.mjs": `import { registerHooks } from "node:module"; registerHooks({ resolve: (name, context, next) => next(name.replace(/^app\\//, new URL("./", import.meta.url).href), context) });`,
    },
    nodeOptions: "--import ./register.mjs",
    out: "true",
    node: "hooks",
  },
  "packages that only a patched require finds": {
    files: {
      ".pnp.cjs": `const Module = require("node:module"); const find = Module._resolveFilename;
        Module._resolveFilename = (name, ...rest) => find.call(Module, name === "zipped" ? __dirname + "/cache/zipped.cjs" : name, ...rest);`,
      "cache/zipped.cjs": `exports.from = "the cache";`,
      "main.cjs": `console.log(require("zipped").from);`,
    },
    script: "main.cjs",
    nodeOptions: "--require ./.pnp.cjs",
    out: "the cache",
    node: "each",
  },
  "something loaded before the script": {
    files: { "before.cjs": `globalThis.before = "before";`, "main.mjs": `console.log(globalThis.before);` },
    script: "main.mjs",
    nodeOptions: "--require ./before.cjs",
    out: "before",
    node: "each",
  },
  "paths of tsconfig.json": {
    files: {
      "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }`,
      "package.json": `{ "type": "module" }`,
      "main.ts": `import { x } from "@/x"; import { y } from "@/y.js"; console.log(x, y, (await import("@/" + "x")).x === x);`,
      "lib/x.ts": `export const x: number = 1;`,
      "lib/y.ts": `export const y: number = 2;`,
    },
    out: "1 2 true",
    node: "none",
  },
  "a package that names itself, and has two formats": {
    files: {
      "package.json": `{ "name": "self", "exports": { "./lib": "./lib.mjs" } }`,
      "main.mjs": `import { createRequire } from "node:module"; import { lib } from "self/lib"; import { kind } from "dual";
        console.log(lib, kind, createRequire(import.meta.url)("dual").kind);`,
      "lib.mjs": `export const lib = "lib";`,
      "node_modules/dual/package.json": `{ "exports": { "require": "./dual.cjs", "import": "./dual.mjs" } }`,
      "node_modules/dual/dual.cjs": `exports.kind = "required";`,
      "node_modules/dual/dual.mjs": `export const kind = "imported";`,
    },
    script: "main.mjs",
    out: "lib imported required",
    node: "each",
  },
};
