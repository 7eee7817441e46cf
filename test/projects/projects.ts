/** A user's project, and what a script of it prints under `node`, `tsx` and `tsmpi run`. */
export interface Sample {
  readonly files: Readonly<Record<string, string>>;
  /** `main.ts` where nothing else is said. */
  readonly script?: string;
  readonly args?: readonly string[];
  /** Symbolic links: where they are, and where they lead. */
  readonly links?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly nodeOptions?: string;
  readonly out: string;
  /** A part of what it writes to stderr. */
  readonly says?: RegExp;
  readonly code?: number;
  /** Which Node runs it as it is: each, none, those that strip types, or those with `registerHooks`. */
  readonly node?: "each" | "none" | "types" | "hooks";
}

/** A library that is given paths, as runners of migrations and registries of plugins are. */
const runner = {
  "node_modules/runner/package.json": `{ "name": "runner", "exports": { "import": "./runner.mjs", "require": "./runner.cjs" } }`,
  "node_modules/runner/runner.cjs": `exports.required = (paths) => paths.map((path) => require(path));`,
  "node_modules/runner/runner.mjs": `import { createRequire } from "node:module"; import { pathToFileURL } from "node:url";
    export const { required } = createRequire(import.meta.url)("./runner.cjs");
    export const imported = (paths) => Promise.all(paths.map((path) => import(pathToFileURL(path))));`,
};
const state = { "state.js": `export const state = []; export class Thing {}`, "package.json": `{ "type": "module" }` };
const stateTs = {
  "state.ts": `export const state: string[] = []; export class Thing {}`,
  "package.json": `{ "type": "module" }`,
};

const once: Record<string, Sample> = {
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

const main: Record<string, Sample> = {
  "require.main in .cjs": {
    files: {
      "main.cjs": `require("./x.cjs"); if (require.main === module) console.log("main", __filename === process.argv[1]);`,
      "x.cjs": `if (require.main === module) console.log("x");`,
    },
    script: "main.cjs",
    out: "main true",
    node: "each",
  },
  "require.main in TypeScript with require": {
    files: {
      "main.ts": `const { x } = require("./x") as { x: number }; if (require.main === module) console.log("main", x, __filename === process.argv[1]);`,
      "x.ts": `exports.x = 1 as number; if (require.main === module) console.log("x");`,
    },
    out: "main 1 true",
    node: "none",
  },
  "require.main in TypeScript with import": {
    files: {
      "main.ts": `import { x } from "./x"; async function main(): Promise<void> { console.log("main", x); } if (require.main === module) void main();`,
      "x.ts": `export const x: number = 1; if (require.main === module) console.log("x");`,
    },
    out: "main 1",
    node: "none",
  },
  "import.meta.main": {
    files: {
      "main.mts": `import { x } from "./x.mts"; if (import.meta.main) console.log("main", x);`,
      "x.mts": `export const x: string = import.meta.main ? "main" : "x";`,
    },
    script: "main.mts",
    out: "main x",
    node: "none",
  },
  "the names of the script": {
    files: {
      "sub/main.mts": `console.log([import.meta.filename, decodeURI(new URL(import.meta.url).pathname), import.meta.dirname + "/main.mts"].every((path) => path === process.argv[1]), process.argv.slice(2));`,
    },
    script: "sub/main.mts",
    args: ["-x", "a b"],
    out: "true [ '-x', 'a b' ]",
    node: "types",
  },
  "a linked script": {
    files: {
      "real/main.mts": `import { basename } from "node:path"; console.log(basename(process.argv[1]), basename(import.meta.filename));`,
    },
    links: { "link.mts": "real/main.mts" },
    script: "link.mts",
    out: "link.mts main.mts",
    node: "types",
  },
  "lines of a stack": {
    files: {
      "main.mts": `interface A {\n  a: 1;\n}\nimport { fail } from "./fail.mts";\ntry { fail(); } catch (error) { console.log((error as Error).stack!.match(/\\w+\\.mts:\\d+/g)!.slice(0, 2)); }`,
      "fail.mts": `type B = {\n  b: 1;\n};\nexport function fail(): never { throw new Error("x"); }`,
    },
    script: "main.mts",
    out: "[ 'fail.mts:4', 'main.mts:5' ]",
    node: "types",
  },
  "source-map-support, which reads files to find their source maps": {
    files: {
      "node_modules/source-map-support/package.json": `{ "main": "source-map-support.js" }`,
      "node_modules/source-map-support/source-map-support.js": `var retrieveFileHandlers = [(path) => require("fs").readFileSync(path.replace("file://", ""), "utf8")];
        exports.read = (path) => { for (const read of retrieveFileHandlers) { const text = read(path); if (text) return text; } };`,
      "main.ts": `import { createRequire } from "node:module"; const { read } = createRequire(import.meta.url)("source-map-support") as { read(path: string): string };
        console.log([import.meta.filename, import.meta.url].map((path) => read(path).includes("# source" + "MappingURL=data:")));`,
    },
    out: "[ true, true ]",
    node: "none",
  },
  "an uncaught error": {
    files: { "main.cts": `interface A {\n  a: 1;\n}\nconst x: number = 1;\nthrow new RangeError("no" + x);` },
    script: "main.cts",
    out: "",
    code: 1,
    says: /RangeError: no1\n\s+at .*main\.cts:5:7/,
    node: "types",
  },
  "the exit code of the script": {
    files: { "main.ts": `process.on("exit", (code) => console.log("exit", code)); process.exitCode = 7; export {};` },
    out: "exit 7",
    code: 7,
    node: "types",
  },
  "a top-level await that never settles": {
    files: { "main.mjs": `await new Promise(() => {});` },
    script: "main.mjs",
    out: "",
    code: 13,
    node: "each",
  },
};

const alias = `export async function resolve(name, context, next) { return next(name.replace(/^app:/, new URL("./", import.meta.url).href), context); }`;
const settings: Record<string, Sample> = {
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

const kinds: Record<string, Sample> = {
  "a worker in TypeScript": {
    files: {
      ...stateTs,
      "main.ts": `import { Worker } from "node:worker_threads"; new Worker(new URL("./worker.ts", import.meta.url), { workerData: 20 }).on("message", (n: number) => console.log(n));`,
      "worker.ts": `import { parentPort, workerData } from "node:worker_threads"; import { twice } from "./twice.js"; parentPort!.postMessage(twice(workerData as number));`,
      "twice.ts": `export function twice(n: number): number { return 2 * n; }`,
    },
    out: "40",
    node: "none",
  },
  "a forked child in TypeScript": {
    files: {
      ...stateTs,
      "main.ts": `import { fork } from "node:child_process"; fork(import.meta.dirname + "/child.ts", ["a"]).on("message", (text) => console.log(text));`,
      "child.ts": `import { state } from "./state.js"; state.push("child" as string); process.send!(state.concat(process.argv[2]));`,
    },
    out: "[ 'child', 'a' ]",
    node: "none",
  },
  "a cluster in TypeScript": {
    files: {
      "package.json": `{ "type": "module" }`,
      "main.ts": `import cluster from "node:cluster"; enum Kind { primary = "p", worker = "w" }
        if (cluster.isPrimary) cluster.fork().on("message", (text) => console.log(Kind.primary, text));
        else process.send!(Kind.worker, () => process.exit());`,
    },
    out: "p w",
    node: "none",
  },
  "require of TypeScript with export =": {
    files: {
      "main.ts": `import path = require("node:path"); import greet = require("./greet"); console.log(greet(path.basename(__filename)));`,
      "greet.ts": `function greet(name: string): string { return "hello " + name; } export = greet;`,
    },
    out: "hello main.ts",
    node: "none",
  },
  "export = in a file with imports": {
    files: {
      "main.ts": `import config = require("./config"); import { sep } from "node:path"; console.log(config.name, sep);`,
      "config.ts": `import { basename } from "node:path"; const config = { name: basename("a/config" as string) }; export = config;`,
    },
    out: "config /",
    node: "none",
  },
  ".cts, and a module that imports it": {
    files: {
      "main.mts": `import old from "./old.cts"; import { named } from "./old.cts"; console.log(old.x, named);`,
      "old.cts": `const x: number = 1; exports.x = x; exports.named = typeof require;`,
    },
    script: "main.mts",
    out: "1 function",
    node: "types",
  },
  ".cts with import and export": {
    files: {
      "main.cts": `import { x } from "./x.cjs"; import fs = require("node:fs"); console.log(x, typeof fs.readFileSync, typeof module);`,
      "x.cts": `export const x: number = 1;`,
    },
    script: "main.cts",
    out: "1 function object",
    node: "none",
  },
  ".tsx with a factory": {
    files: {
      "package.json": `{ "type": "module" }`,
      "tsconfig.json": `{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }`,
      "main.tsx": `import { Title } from "./title.js"; import { h } from "./h.ts"; console.log(<Title text="hi" />);`,
      "title.tsx": `import { h } from "./h.ts"; export const Title = ({ text }: { text: string }) => <b>{text}</b>;`,
      "h.ts": `export function h(tag: unknown, props: object | null, ...rest: string[]): string { return typeof tag === "function" ? tag(props) : "<" + tag + ">" + rest.join("") + "</" + tag + ">"; }`,
    },
    script: "main.tsx",
    out: "<b>hi</b>",
    node: "none",
  },
  ".jsx with a runtime": {
    files: {
      "package.json": `{ "type": "module" }`,
      "tsconfig.json": `{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "tiny", "allowJs": true } }`,
      "main.jsx": `console.log(<i>x</i>);`,
      "node_modules/tiny/package.json": `{ "exports": { "./jsx-runtime": "./runtime.mjs" } }`,
      "node_modules/tiny/runtime.mjs": `export const jsx = (tag, { children }) => tag + ":" + children;`,
    },
    script: "main.jsx",
    out: "i:x",
    node: "none",
  },
  "a tool without an ending": {
    files: {
      tool: `#!/usr/bin/env -S tsmpi run -n 4\nimport { basename } from "node:path";\nconst name: string = basename(process.argv[1]);\nconsole.log(name);\n`,
    },
    script: "tool",
    out: "tool",
    node: "none",
  },
  "a script on standard input": {
    files: { "x.ts": `export const x: number = 1;` },
    script: "-",
    args: ["a"],
    input: `import { x } from "./x.ts"; console.log(x, process.argv.slice(1));`,
    out: "1 [ '-', 'a' ]",
    node: "types",
  },
  "CommonJS on standard input": {
    files: { "x.txt": "" },
    script: "-",
    input: `const { basename } = require("node:path"); console.log(basename("/a/b"));`,
    out: "b",
    node: "none",
  },
  "a byte order mark before a first line for the shell": {
    files: { "main.ts": "\uFEFF#!/usr/bin/env node\nconst x: number = 1;\nconsole.log(x);\nexport {};\n" },
    out: "1",
    node: "none",
  },
  "types of parameters at run time": {
    files: {
      "tsconfig.json": `{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }`,
      "main.ts": `function mark(target: object, name: string) { console.log("marked", name); }\nclass A {\n  @mark\n  b(c: string) {}\n}\nnew A(); export {};`,
    },
    out: "marked b",
    says: /main\.ts: emitDecoratorMetadata/,
    node: "none",
  },
  "names of a CommonJS file": {
    files: {
      "main.mjs": `import { a, b } from "./old.cjs"; import whole, * as all from "./old.cjs"; console.log(a, b, whole.a, Object.keys(all).includes("a"));`,
      "old.cjs": `exports.a = 1; module.exports.b = require("./more.cjs").c;`,
      "more.cjs": `exports.c = 2;`,
    },
    script: "main.mjs",
    out: "1 2 1 true",
    node: "each",
  },
  "names that a CommonJS file hides": {
    files: {
      "main.mjs": `import { a } from "./old.cjs"; console.log(a);`,
      "old.cjs": `for (const name of ["a"]) exports[name] = 1;`,
    },
    script: "main.mjs",
    out: "",
    code: 1,
    says: /Named export 'a' not found[\s\S]*import pkg from '.\/old\.cjs'/,
    node: "each",
  },
  "enums, namespaces and parameter properties": {
    files: {
      "main.ts": `enum E { a = 1, b }\nnamespace N { export const x = E.b; }\nclass P { constructor(readonly y: number) {} }\nconsole.log(N.x, new P(3).y, E[1]);\nexport {};`,
    },
    out: "2 3 a",
    node: "none",
  },
  "files beside a module": {
    files: {
      "main.mjs": `import { readFileSync } from "node:fs"; const read = (url) => readFileSync(url, "utf8");
        console.log(read(new URL("data.txt", import.meta.url)), read(import.meta.dirname + "/data.txt"));`,
      "data.txt": "text",
    },
    script: "main.mjs",
    out: "text text",
    node: "each",
  },
  "re-exports and a circle of modules": {
    files: {
      "main.mjs": `import * as all from "./all.mjs"; console.log(Object.keys(all), all.a.later());`,
      "all.mjs": `export * as a from "./a.mjs"; export * from "./b.mjs"; export { default as d } from "./b.mjs";`,
      "a.mjs": `import { b } from "./b.mjs"; export const later = () => b;`,
      "b.mjs": `import * as a from "./a.mjs"; export const b = 1; export default typeof a;`,
    },
    script: "main.mjs",
    out: "[ 'a', 'b', 'd' ] 1",
    node: "each",
  },
};

export const samples: Readonly<Record<string, Sample>> = { ...once, ...main, ...settings, ...kinds };
