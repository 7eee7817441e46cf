import { type Sample, stateTs } from "./sample.ts";

/** Kinds of files, and ways to start them. */
export const kinds: Record<string, Sample> = {
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
  "lines of a stack of standard input": {
    files: { "x.txt": "" },
    script: "-",
    input: `interface A {\n  a: 1;\n}\nconst { a }: A = { a: 1 };\n\nthrow new RangeError("no" + a);\n`,
    says: /\/\[stdin\]\.mts:6\nthrow new RangeError\("no" \+ a\);\n *\^\n\n+RangeError: no1\n {4}at .*\/\[stdin\]\.mts:6:7/,
    out: "",
    code: 1,
    node: "none",
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
