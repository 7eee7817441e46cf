import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { project } from "./typescript-project.ts";

describe.concurrent("a script that cannot run is told of once, before any rank starts", () => {
  test("when there is none", async () => {
    const user = project({ "x.ts": "" });
    expect(await user.run("absent.ts")).toEqual({
      stdout: "",
      stderr: "tsmpi: cannot run absent.ts: there is no such file\n",
      code: 2,
    });
    expect((await user.run("x.ts/main.ts")).code).toBe(2);
  });

  test("when it is a folder", async () => {
    const user = project({ "x.ts": "" });
    mkdirSync(user.path("folder.ts"));
    expect(await user.run("folder.ts")).toEqual({
      stdout: "",
      stderr: "tsmpi: folder.ts is a folder, not a script\n",
      code: 2,
    });
  });

  test("when its name is not that of a script", async () => {
    const { stderr, code } = await project({ "data.csv": "" }).run("data.csv");
    expect({ stderr, code }).toEqual({
      stderr:
        "tsmpi: data.csv is not a script: its name should end in .ts, .mts, .cts, .tsx, .js, .mjs, .cjs or .jsx\n",
      code: 2,
    });
  });

  test("when its syntax is wrong, with the place in the right columns", async () => {
    const user = project({
      "main.ts": `import "./bad.ts"; console.log("never");`,
      "bad.ts": `const ok = 1;\n\tconst é = "é日" b;\n`,
    });
    const { stdout, stderr, code } = await user.run("main.ts");
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 });
    expect(stderr).toBe(
      `tsmpi: ${user.path("bad.ts")}:2:17: Expected ";" but found "b"\n\n2 | \tconst é = "é日" b;\n  | \t               ^\n`,
    );
  });

  test("when the syntax of JavaScript is wrong, CommonJS too", async () => {
    const user = project({ "main.js": "const a = require('fs');\nconst b = ;\n", "other.cjs": "const b = ;\n" });
    const { stderr, code } = await user.run("main.js");
    expect({ stderr: stderr.split("\n")[0], code }).toEqual({
      stderr: `tsmpi: ${user.path("main.js")}:2:11: Unexpected ";"`,
      code: 1,
    });
    expect((await user.run("other.cjs")).code).toBe(1);
  });

  test("when a file that it imports is not there", async () => {
    const user = project({
      "main.ts": `import "./lib/a.ts";`,
      "lib/a.ts": `import { x } from "./gone.js"; console.log(x);`,
    });
    const { stderr, code } = await user.run("main.ts");
    expect({ stderr, code }).toEqual({
      stderr: `tsmpi: cannot find "./gone.js" imported from ${user.path("lib/a.ts")}: it does not exist\n`,
      code: 1,
    });
  });

  test("when a package is not installed, or does not export what is imported", async () => {
    const user = project({
      "a.ts": `import _ from "lodash"; _();`,
      "b.ts": `import "pack/inner";`,
      "node_modules/pack/package.json": `{ "name": "pack", "exports": "./x.js" }`,
      "node_modules/pack/x.js": "",
    });
    expect((await user.run("a.ts")).stderr).toBe(
      `tsmpi: cannot find "lodash" imported from ${user.path("a.ts")}: it is not installed\n`,
    );
    const { stderr, code } = await user.run("b.ts");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toContain("./inner");
    expect(code).toBe(1);
  });

  test("when a name is not exported by one's own file", async () => {
    const user = project({
      "main.ts": `import { x, y } from "./star.ts"; console.log(x, y);`,
      "star.ts": `export * from "./x.ts";`,
      "x.ts": "export const x = 1;",
    });
    const { stderr, code } = await user.run("main.ts");
    expect({ stderr, code }).toEqual({
      stderr: `tsmpi: ${user.path("main.ts")}: "y" is not exported by ${user.path("star.ts")}\n`,
      code: 1,
    });
  });

  test("when a type is passed on as if it were a value", async () => {
    const user = project({ "main.ts": `export { T } from "./x.ts";`, "x.ts": "export type T = 1;" });
    expect((await user.run("main.ts")).stderr).toContain(
      `"T" is not exported by ${user.path("x.ts")}; it is a type there, so say`,
    );
  });

  test("when JSON or tsconfig.json is wrong", async () => {
    const user = project({
      "a/main.ts": `import x from "./x.json"; x();`,
      "a/x.json": "{",
      "b/main.ts": "",
      "b/tsconfig.json": `{ "extends": "./gone.json" }`,
    });
    for (const [folder, file] of [
      ["a", "x.json"],
      ["b", "tsconfig.json"],
    ]) {
      const { stderr, code } = await user.run(`${folder}/main.ts`);
      expect(code).toBe(1);
      expect(stderr).toMatch(`tsmpi: ${user.path(`${folder}/${file}`)}: `);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  test("a script alone in its world prints the same frame for wrong syntax", async () => {
    const user = project({ "main.ts": "const a = ;\n" });
    const { stderr, code } = await user.runAlone("main.ts");
    expect(stderr).toContain(`${user.path("main.ts")}:1:11: Unexpected ";"\n\n1 | const a = ;\n  |           ^`);
    expect(code).toBe(1);
  });
});
