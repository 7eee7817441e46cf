import { symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { project } from "./typescript-project.ts";

describe.concurrent.each(["run", "runAlone"] as const)("imports (%s)", (way) => {
  async function output(files: Record<string, string>): Promise<string> {
    const { stdout, stderr } = await project(files)[way]("main.ts");
    expect(stderr).toBe("");
    return stdout;
  }

  test("of one's own files, by .ts, .js, .mjs, no ending, and folder", async () => {
    expect(
      await output({
        "main.ts": `import { a } from "./a.ts"; import { b } from "./b.js"; import { c } from "./lib/c.mjs";
        import { d } from "./d"; import { e } from "./e"; import { f } from "./f.js"; import { g } from "./lib"; import { a as h } from "./lib/up.ts";
        console.log(a, b, c, d, e, f, g, h);`,
        "a.ts": `export const a: string = "a";`,
        "b.ts": `export const b: string = "b";`,
        "lib/c.mts": `export const c: string = "c";`,
        "d.ts": `export const d: string = "d";`,
        "e/index.ts": `export const e: string = "e";`,
        "f.js": `export const f = "f";`,
        "lib/index.ts": `export const g: string = "g";`,
        "lib/up.ts": `export { a } from "../a";`,
      }),
    ).toBe("a b c d e f g a\n");
  });

  test("in a circle", async () => {
    expect(
      await output({
        "main.ts": `import { even } from "./even.ts"; console.log(even(10), even(7));`,
        "even.ts": `import { odd } from "./odd.ts"; export function even(n: number): boolean { return n === 0 || odd(n - 1); }`,
        "odd.ts": `import { even } from "./even.ts"; export function odd(n: number): boolean { return n !== 0 && even(n - 1); }`,
      }),
    ).toBe("true false\n");
  });

  test("in a circle with the script itself, whose import() and import.meta work before it has begun", async () => {
    expect(
      await output({
        "main.ts": `import "./early.ts"; export function lazy() { return import("./late.ts"); }`,
        "early.ts": `import { lazy } from "./main.ts"; lazy().then(({ late }) => console.log(late));`,
        "late.ts": `export const late = "late" as string;`,
      }),
    ).toBe("late\n");
  });

  test("of two files with one name in different folders", async () => {
    expect(
      await output({
        "main.ts": `import one from "./one/x.ts"; import two from "./two/x.ts"; console.log(one, two);`,
        "one/x.ts": `export default 1 as number;`,
        "two/x.ts": `export default 2 as number;`,
      }),
    ).toBe("1 2\n");
  });

  test("of packages, by their exports map and conditions", async () => {
    expect(
      await output({
        "main.ts": `import { from } from "fancy"; import { deep } from "fancy/deep"; import plain from "plain"; import { join } from "path";
        console.log(from, deep, plain.value, typeof join);`,
        "node_modules/fancy/package.json": `{ "name": "fancy", "exports": { ".": { "browser": "./b.js", "require": "./r.cjs", "import": "./m.mjs" }, "./*": { "node": "./lib/*.mjs" } } }`,
        "node_modules/fancy/m.mjs": `export const from = "import";`,
        "node_modules/fancy/lib/deep.mjs": `export const deep = "node";`,
        "node_modules/plain/package.json": `{ "name": "plain", "main": "main.js" }`,
        "node_modules/plain/main.js": `module.exports = { value: require("./other").value };`,
        "node_modules/plain/other.js": `exports.value = "commonjs";`,
      }),
    ).toBe("import node commonjs function\n");
  });

  test("of tsmpi, when nothing is installed beside the script", async () => {
    expect(await output({ "main.ts": `import * as api from "tsmpi"; console.log(typeof api);` })).toBe("object\n");
  });

  test("of the package's own #names and of tsconfig's paths", async () => {
    expect(
      await output({
        "package.json": `{ "type": "module", "imports": { "#lib/*": "./lib/*.ts" } }`,
        "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }`,
        "main.ts": `import { x } from "#lib/x"; import { x as same } from "@/x"; console.log(x, x === same);`,
        "lib/x.ts": `export const x = Symbol("x");`,
      }),
    ).toBe("Symbol(x) true\n");
  });

  test("of JSON, with the attribute and without, and no warning", async () => {
    const { stdout } = await project({
      "main.ts": `import a from "./data.json" with { type: "json" }; import b from "./data.json";
        const { default: c } = await import("./data.json", { with: { type: "json" } }); console.log(a.x, b === a, c === a);`,
      "data.json": `{ "x": 1 }`,
    })[way]("main.ts", { env: { NODE_NO_WARNINGS: way === "runAlone" ? "1" : "" } });
    expect(stdout).toBe("1 true true\n");
  });

  test("that are computed give the modules that other imports give, and transform the rest", async () => {
    expect(
      await output({
        "main.ts": `import { state } from "./state.ts"; const [s, p] = ["state", "plugin"];
        const again = await import(\`./\${s}.ts\`); const plugin = await import("./" + p + ".js"); const path = await import("node:" + "path");
        console.log(again.state === state, plugin.state === state, plugin.kind, typeof path.join);`,
        "state.ts": `export const state: object = {};`,
        "plugin.ts": `import { state } from "./state.js"; enum Kind { a = "A" } export const kind = Kind.a; export { state };`,
      }),
    ).toBe("true true A function\n");
  });

  test("that are dynamic may stand in one another, and beside names like those of our own", async () => {
    expect(
      await output({
        "main.ts": `const $i0 = 1, $imprt = 2, $importFrom = 3; const path = "./a.ts";
        console.log((await import((await import("./name.ts")).name)).a, (await import(path)).a, $i0 + $imprt + $importFrom);`,
        "name.ts": `export const name: string = "./a.ts";`,
        "a.ts": `export const a: string = "a";`,
      }),
    ).toBe("a a 6\n");
  });

  test("with different queries are different modules", async () => {
    expect(
      await output({
        "main.ts": `import { s } from "./s.ts"; import { s as t } from "./s.ts?other"; console.log(s === t);`,
        "s.ts": `export const s: object = {};`,
      }),
    ).toBe("false\n");
  });

  test("that may fail are for the program to handle", async () => {
    expect(
      await output({
        "main.ts": `const names = ["./absent.ts", "absent"];
        for (const name of names) await import(name).catch((error) => console.log(error.code));
        await import("absent").catch((error) => console.log(error.code)); await import("./absent.ts").catch((error) => console.log(error.code));`,
      }),
    ).toBe("ERR_MODULE_NOT_FOUND\n".repeat(4));
  });

  test("import.meta describes the original file", async () => {
    const user = project({
      "main.ts": `import { readFileSync } from "node:fs"; import "./lib/other.ts";
        console.log(readFileSync(new URL("data.txt", import.meta.url), "utf8"), import.meta.filename, import.meta.dirname,
          import.meta.resolve("./lib/x.ts"), import.meta.resolve("pack"));`,
      "lib/other.ts": `const { url } = import.meta; console.log(url);`,
      "data.txt": "text",
      "node_modules/pack/package.json": `{ "exports": "./p.js" }`,
      "node_modules/pack/p.js": "",
    });
    const { stdout } = await user[way]("main.ts");
    const url = `file://${user.folder}`;
    expect(stdout).toBe(
      `${url}/lib/other.ts\ntext ${user.path("main.ts")} ${user.folder} ${url}/lib/x.ts ${url}/node_modules/pack/p.js\n`,
    );
  });

  test("import.meta.main is the script's alone", async () => {
    const { stdout } = await project({
      "main.ts": `import "./x.ts"; console.log(!!import.meta.main);`,
      "x.ts": `console.log(!!import.meta.main);`,
    }).run("main.ts");
    expect(stdout).toBe("false\ntrue\n");
  });

  test("of a workspace's package that is TypeScript itself, through its link", async () => {
    const user = project({
      "main.ts": `import { hi } from "friend"; console.log(hi);`,
      "node_modules/x/y.js": "",
      "packages/friend/package.json": `{ "name": "friend", "exports": "./index.ts" }`,
      "packages/friend/index.ts": `export { hi } from "./hi.js";`,
      "packages/friend/hi.ts": `export const hi: string = "hi";`,
    });
    symlinkSync(user.path("packages/friend"), user.path("node_modules/friend"));
    expect((await user[way]("main.ts")).stdout).toBe("hi\n");
  });
});
