import { symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { project } from "./typescript-project.ts";

describe.concurrent.each(["run", "runAlone"] as const)("the process of a script (%s)", (way) => {
  test("has the script's own arguments", async () => {
    const user = project({ "main.ts": `console.log(JSON.stringify(process.argv.slice(1)));` });
    const { stdout } = await user[way]("main.ts", { args: ["-n", "3", "a b", "--", ""] });
    expect(JSON.parse(stdout)).toEqual([user.path("main.ts"), "-n", "3", "a b", "--", ""]);
  });

  test("runs a script whose path has blanks, quotes, percent signs and letters of all kinds", async () => {
    const user = project(
      {
        "mäin file %20 'é'.ts": `import { x } from "./ü b.ts"; console.log(x, process.argv[1] === import.meta.filename);`,
        "ü b.ts": "export const x: number = 1;",
      },
      "a b%41 日本 'q'#1",
    );
    expect((await user[way]("mäin file %20 'é'.ts")).stdout).toBe("1 true\n");
  });

  test("of a linked script is that of the file behind the link, but for argv", async () => {
    const user = project({
      "real/main.ts": `import { x } from "./x.ts"; console.log(x, process.argv[1], import.meta.filename);`,
      "real/x.ts": `export const x: number = 1;`,
    });
    symlinkSync(user.path("real/main.ts"), user.path("link.ts"));
    expect((await user[way]("link.ts")).stdout).toBe(`1 ${user.path("link.ts")} ${user.path("real/main.ts")}\n`);
  });

  test("ends as Node ends: exit codes, and 13 when a top-level await never settles", async () => {
    const user = project({
      "exit.ts": `process.exit(3);`,
      "code.ts": `process.exitCode = 4;`,
      "hang.ts": `await new Promise(() => {});`,
      "deep.ts": `import "./hang.ts";`,
      "throw.ts": `throw new Error("no");`,
      "reject.ts": `void Promise.reject(new Error("no"));`,
    });
    const codes = await Promise.all(
      ["exit", "code", "hang", "deep", "throw", "reject"].map((name) => user[way](`${name}.ts`)),
    );
    expect(codes.map(({ code }) => code)).toEqual([3, 4, 13, 13, 1, 1]);
  });

  const failing = {
    "main.ts": `interface Padding {\n  a: number;\n}\nimport { fail } from "./lib/fail.ts";\nenum Colour { red }\n\nconst x: Padding = { a: Colour.red }; fail(x.a);\n`,
    "lib/fail.ts": `// a comment that goes\ntype Gone = number;\n\nexport function fail(n: Gone): never {\n  const { message } = new Error("sorry"); throw new RangeError(message + n);\n}\n`,
  };

  test("prints an uncaught error with the original lines and columns", async () => {
    const user = project(failing, "my 50%41 #1 é");
    const { stderr } = await user[way]("main.ts");
    expect(stderr).toContain(`lib/fail.ts:5\n`);
    expect(stderr).toContain("throw new RangeError(message + n);");
    expect(stderr).toContain(`RangeError: sorry0\n    at fail (${user.path("lib/fail.ts")}:5:49)\n`);
    expect(stderr).toMatch(/my 50%41 #1 é\/main\.ts:7:39\)?\n/);
    expect(stderr).not.toContain(".mjs");
  });

  test("sees the original lines in error.stack, also behind a dynamic import on the line", async () => {
    const user = project({
      "main.ts": `type T = 1;\n\nconsole.log((await import("./x.ts")).x, new Error("here").stack!.split("\\n")[1]);\n`,
      "x.ts": `export const x: number = 1;`,
    });
    expect((await user[way]("main.ts")).stdout).toMatch(/^1 .*\/main\.ts:3:41\)?\n$/);
  });
});

describe.concurrent("JavaScript", () => {
  test("modules run with or without a package.json that says so", async () => {
    const source = `import { x } from "./x.js"; export {}; console.log(x, process.argv.length);`;
    const user = project({
      "a/main.js": source,
      "a/x.js": "export const x = 1;",
      "b/main.mjs": source,
      "b/x.js": "export const x = 2;",
      "b/package.json": `{ "type": "module" }`,
      "c/main.js": "console.log(await 3, process.argv.length);",
    });
    const runs = await Promise.all(["a/main.js", "b/main.mjs", "c/main.js"].map((script) => user.run(script)));
    expect(runs.map(({ stdout, stderr }) => stdout + stderr)).toEqual(["1 2\n", "2 2\n", "3 2\n"]);
  });

  test("CommonJS runs where it is, as the main module", async () => {
    const source = `const { x } = require("./x"); console.log(x, require.main === module, __filename, process.argv.slice(2)); import("./late.ts").then(({ late }) => console.log(late));`;
    const user = project({
      "main.js": source,
      "main.cjs": source,
      "x.js": "exports.x = 1;",
      "late.ts": "export const late: string = 'late';",
    });
    for (const script of ["main.js", "main.cjs"]) {
      const { stdout } = await user.run(script, { args: ["a"] });
      expect(stdout).toBe(`1 true ${user.path(script)} [ 'a' ]\nlate\n`);
    }
  });

  test("a module may import CommonJS of its own folder", async () => {
    const user = project({
      "main.ts": `import one from "./one.cjs"; import { two } from "./two.js"; console.log(one.x, two);`,
      "one.cjs": "module.exports = { x: 1 };",
      "two.js": "exports.two = 2;",
    });
    expect((await user.run("main.ts")).stdout).toBe("1 2\n");
  });
});
