import { type Sample, state, stateTs } from "./sample.ts";

/** A library that is given paths, as runners of migrations and registries of plugins are. */
const runner = {
  "node_modules/runner/package.json": `{ "name": "runner", "exports": { "import": "./runner.mjs", "require": "./runner.cjs" } }`,
  "node_modules/runner/runner.cjs": `exports.required = (paths) => paths.map((path) => require(path));`,
  "node_modules/runner/runner.mjs": `import { createRequire } from "node:module"; import { pathToFileURL } from "node:url";
    export const { required } = createRequire(import.meta.url)("./runner.cjs");
    export const imported = (paths) => Promise.all(paths.map((path) => import(pathToFileURL(path))));`,
};

/** One copy of each module, whatever asks for it and by which name. */
export const modules: Record<string, Sample> = {
  "a .cjs that imports a module": {
    files: {
      ...state,
      "main.js": `import { state, Thing } from "./state.js"; import old from "./old.cjs"; console.log(await old(state, Thing));`,
      "old.cjs": `module.exports = async (s, T) => { const own = await import("./state.js"); return [own.state === s, new own.Thing() instanceof T]; };`,
    },
    script: "main.js",
    out: "[ true, true ]",
    node: "each",
  },
  "a .cjs that requires a module": {
    files: {
      ...state,
      "main.js": `import { state } from "./state.js"; import old from "./old.cjs"; console.log(old.state === state);`,
      "old.cjs": `exports.state = require("./state.js").state;`,
    },
    script: "main.js",
    out: "true",
    node: "each",
  },
  "a .cjs that requires TypeScript by the name it will have": {
    files: {
      ...stateTs,
      "main.ts": `import { state } from "./state.js"; import old from "./old.cjs"; console.log(old.state === state, old.same === state);`,
      "old.cjs": `exports.state = require("./state.js").state; exports.same = require("./state").state;`,
    },
    out: "true true",
    node: "none",
  },
  "createRequire of a module": {
    files: {
      ...state,
      "main.js": `import { createRequire } from "node:module"; import { Thing } from "./state.js";
        console.log(new (createRequire(import.meta.url)("./state.js").Thing)() instanceof Thing);`,
    },
    script: "main.js",
    out: "true",
    node: "each",
  },
  "createRequire of TypeScript": {
    files: {
      ...stateTs,
      "main.ts": `import { createRequire } from "node:module"; import { Thing } from "./state.ts"; const require = createRequire(import.meta.url);
        console.log(new (require("./state.ts").Thing)() instanceof Thing);`,
    },
    out: "true",
    node: "types",
  },
  "a library that requires files by path": {
    files: {
      ...runner,
      ...stateTs,
      "main.ts": `import { readdirSync } from "node:fs"; import { required } from "runner"; import { state } from "./state.ts";
        const folder = import.meta.dirname + "/up"; required(readdirSync(folder).map((name) => folder + "/" + name)); console.log(state);`,
      "up/1.ts": `import { state } from "../state.ts"; const name: string = "up"; state.push(name);`,
      "up/2.cjs": `require("../state.ts").state.push("too");`,
    },
    out: "[ 'up', 'too' ]",
    node: "types",
  },
  "a library that imports files by path": {
    files: {
      ...runner,
      ...stateTs,
      "main.ts": `import { imported } from "runner"; import { state } from "./state.js";
        await imported(["a.ts", "b.mjs"].map((name) => import.meta.dirname + "/plugins/" + name)); console.log(state.sort());`,
      "plugins/a.ts": `import { state } from "../state.js"; state.push("a" as string);`,
      "plugins/b.mjs": `import { state } from "../state.js"; state.push("b");`,
    },
    out: "[ 'a', 'b' ]",
    node: "none",
  },
  "a library that imports JavaScript by path": {
    files: {
      ...runner,
      ...state,
      "main.js": `import { imported } from "runner"; import { state } from "./state.js";
        await imported([process.cwd() + "/plugin.js"]); console.log(state);`,
      "plugin.js": `import { state } from "./state.js"; state.push("plugin");`,
    },
    script: "main.js",
    out: "[ 'plugin' ]",
    node: "each",
  },
  "a built package of the workspace, and TypeScript beside it": {
    files: {
      "main.ts": `import { total } from "built"; import { list } from "sources"; console.log(total(), list.length);`,
      "package.json": `{ "type": "module" }`,
      "packages/built/package.json": `{ "name": "built", "type": "module", "exports": "./dist/index.js" }`,
      "packages/built/dist/index.js": `import { list } from "sources"; export const total = () => list.push(1);`,
      "packages/sources/package.json": `{ "name": "sources", "type": "module", "exports": "./src/index.ts" }`,
      "packages/sources/src/index.ts": `export { list } from "./list.ts";`,
      "packages/sources/src/list.ts": `export const list: number[] = [];`,
      "node_modules/.keep": "",
    },
    links: {
      "node_modules/built": "packages/built",
      "node_modules/sources": "packages/sources",
      "packages/built/node_modules/sources": "packages/sources",
    },
    out: "1 1",
    node: "types",
  },
  "CommonJS that requires a module and TypeScript": {
    files: {
      ...state,
      "main.cjs": `const { state } = require("./state.js"); const { push } = require("./push.ts"); push(); console.log(state);`,
      "push.ts": `import { state } from "./state.js"; export function push(): void { state.push("pushed"); }`,
    },
    script: "main.cjs",
    out: "[ 'pushed' ]",
    node: "types",
  },
  "CommonJS that imports TypeScript late": {
    files: {
      "main.js": `const { x } = require("./x"); console.log(x, require.main === module); import("./late.ts").then(({ late }) => console.log(late));`,
      "x.js": `exports.x = 1;`,
      "late.ts": `export const late: string = "late";`,
    },
    script: "main.js",
    out: "1 true\nlate",
    node: "types",
  },
  "CommonJS in a circle": {
    files: {
      "main.cjs": `exports.early = 1; const b = require("./b.cjs"); console.log(b.saw, require("./b.cjs") === b);`,
      "b.cjs": `exports.saw = require("./main.cjs").early;`,
    },
    script: "main.cjs",
    out: "1 true",
    node: "each",
  },
  "one CommonJS file by import and by require": {
    files: {
      "main.mjs": `import { createRequire } from "node:module"; import old from "./old.cjs"; const require = createRequire(import.meta.url);
        console.log(require("./old.cjs") === old, require.cache[require.resolve("./old.cjs")].exports === old);`,
      "old.cjs": `module.exports = {};`,
    },
    script: "main.mjs",
    out: "true true",
    node: "each",
  },
  "one JSON file by import and by require": {
    files: {
      "main.mjs": `import { createRequire } from "node:module"; import data from "./data.json" with { type: "json" };
        console.log(createRequire(import.meta.url)("./data.json").x, data.x);`,
      "data.json": `{ "x": 1 }`,
    },
    script: "main.mjs",
    out: "1 1",
    node: "each",
  },
  "a computed import, and one with a query": {
    files: {
      ...stateTs,
      "main.ts": `import { state } from "./state.ts"; const name = ["./sta", "te.ts"].join("");
        console.log((await import(name)).state === state, (await import(name + "?again")).state === state);`,
    },
    out: "true false",
    node: "types",
  },
  "import of what import.meta.resolve says": {
    files: {
      ...stateTs,
      "main.ts": `import { state } from "./state.ts"; const url = import.meta.resolve("./state.ts");
        console.log(url === new URL("state.ts", import.meta.url).href, (await import(url)).state === state);`,
    },
    out: "true true",
    node: "types",
  },
  "import from code in a data: URL": {
    files: {
      ...state,
      "main.js": `import { state } from "./state.js"; const url = import.meta.resolve("./state.js");
        console.log((await import("data:text/javascript,export { state } from '" + url + "'")).state === state);`,
    },
    script: "main.js",
    out: "true",
    node: "each",
  },
};
