import { describe, expect, test } from "vitest";
import { project } from "./typescript-project.ts";

// The same holds on ranks, which run what was transformed before, and for a script alone under the hooks.
describe.concurrent.each(["run", "runAlone"] as const)("TypeScript's syntax (%s)", (way) => {
  async function output(source: string, more: Record<string, string> = {}): Promise<string> {
    const { stdout, stderr } = await project({ "main.ts": source, ...more })[way]("main.ts");
    expect(stderr).toBe("");
    return stdout;
  }

  test("types are erased, also where they look like imports", async () => {
    const types = { "types.ts": "export interface Point { x: number }\nexport const two = 2;" };
    expect(
      await output(
        `import { type Point, two } from "./types.ts"; import type * as all from "./types.ts";
      const p = { x: two } satisfies Point as Point; console.log(p!.x);`,
        types,
      ),
    ).toBe("2\n");
  });

  test("a name that is imported only as a type is not searched for", async () => {
    const types = { "types.ts": "export interface Point { x: number }" };
    expect(
      await output(`import { Point } from "./types.ts"; const p: Point = { x: 1 }; console.log(p.x);`, types),
    ).toBe("1\n");
  });

  test("enums", async () => {
    expect(
      await output(`enum Colour { red, green = 5, blue } const enum Size { small = "s" }
      console.log(Colour.blue, Colour[5], Size.small);`),
    ).toBe("6 green s\n");
  });

  test("namespaces", async () => {
    expect(
      await output(`namespace Shape { export const sides = 3; export namespace Inner { export const x = sides + 1; } }
      console.log(Shape.sides, Shape.Inner.x);`),
    ).toBe("3 4\n");
  });

  test("parameter properties and class fields", async () => {
    expect(
      await output(`class Point { #secret = 1; static count = 7; constructor(readonly x: number, private y = 2) {}
      sum() { return this.x + this.y + this.#secret; } } console.log(new Point(1).sum(), Point.count);`),
    ).toBe("4 7\n");
  });

  test("standard decorators", async () => {
    expect(
      await output(`function log<T extends Function>(value: T, context: DecoratorContext) {
        console.log(context.kind, String(context.name)); }
      @log class Robot { @log speak() {} } new Robot().speak();`),
    ).toBe("method speak\nclass Robot\n");
  });

  test("legacy decorators, when tsconfig.json says so, also by way of extends", async () => {
    const settings = {
      "tsconfig.json": `{ "extends": "./base.json", /* comments, and a comma too many */ }`,
      "base.json": `{ "compilerOptions": { "experimentalDecorators": true } }`,
    };
    expect(
      await output(
        `function log(target: object, name: string) { console.log(typeof target, name); }
      class Robot { @log speak() {} } new Robot();`,
        settings,
      ),
    ).toBe("object speak\n");
  });

  test("using and await using", async () => {
    expect(
      await output(`{ using a = { [Symbol.dispose]() { console.log("a"); } };
        await using b = { async [Symbol.asyncDispose]() { console.log("b"); } }; console.log("in"); }
      await using c = { async [Symbol.asyncDispose]() { console.log("c"); } }; console.log("end");`),
    ).toBe("in\nb\na\nend\nc\n");
  });

  test("top-level await", async () => {
    expect(await output(`console.log(await Promise.resolve(1)); for await (const x of [2, 3]) console.log(x);`)).toBe(
      "1\n2\n3\n",
    );
  });

  test("import x = require(), __dirname and require, as CommonJS had them", async () => {
    expect(
      await output(`import path = require("node:path");
      console.log(path.basename(__dirname), path.basename(__filename), typeof require("node:fs"));`),
    ).toBe("project main.ts object\n");
  });

  test("a first line for the shell", async () => {
    expect(await output("#!/usr/bin/env tsmpi\nconsole.log(1);")).toBe("1\n");
  });

  test("a byte order mark and CRLF", async () => {
    expect(await output("\uFEFFconst x: number = 1;\r\nconsole.log(x);\r\n")).toBe("1\n");
  });

  test("without WebAssembly, as under --jitless", async () => {
    const user = project({
      "main.ts": `import { x } from "./x.ts"; console.log(x);`,
      "x.ts": `export const x: number = 1;`,
    });
    const { stdout } = await user[way]("main.ts", { env: { NODE_OPTIONS: "--jitless" } });
    expect(stdout).toBe("1\n");
  });
});
