import type { Sample } from "./sample.ts";

/** What a program sees of itself: its names, its stacks, its end. */
export const scripts: Record<string, Sample> = {
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
