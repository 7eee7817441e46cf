import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { version } from "../../packages/core/src/calls/package-copies.ts";
import { folder, type Result, runTsmpi } from "../support/run-tsmpi.ts";

const core = fileURLToPath(new URL("../../packages/core", import.meta.url));
const launcher = fileURLToPath(new URL("../../packages/launcher", import.meta.url));

/** A project with tsmpi, and a library that has brought a copy of `@tsmpi/core` of its own. */
function project(main: string, change: (file: string, text: string) => string = (_, text) => text): Promise<Result> {
  const library = "node_modules/library";
  const cwd = folder({
    "package.json": `{ "type": "module" }`,
    "main.ts": main,
    [`${library}/package.json`]: `{ "name": "library", "type": "module", "exports": "./index.js" }`,
    [`${library}/index.js`]: `export { createOp, Group, init, MpiError, registerClass, sum } from "@tsmpi/core";`,
  });
  const copy = join(cwd, library, "node_modules/@tsmpi/core");
  mkdirSync(copy, { recursive: true });
  for (const each of ["package.json", "dist"]) cpSync(join(core, each), join(copy, each), { recursive: true });
  symlinkSync(join(core, "node_modules"), join(copy, "node_modules"));
  mkdirSync(join(cwd, "node_modules/@tsmpi"), { recursive: true });
  symlinkSync(core, join(cwd, "node_modules/@tsmpi/core"));
  symlinkSync(launcher, join(cwd, "node_modules/tsmpi"));
  const index = readFileSync(join(copy, "dist/index.js"), "utf8");
  for (const file of ["index.js", ...index.matchAll(/chunks\/[\w-]+\.js/g)].map(String)) {
    const path = join(copy, "dist", file);
    writeFileSync(path, change(file, readFileSync(path, "utf8")));
  }
  return runTsmpi(["run", "-n", "2", "--deadlock-after", "5", "main.ts"], { cwd });
}

test("two copies of the package have one world, and know each other's operations, errors, groups and classes", async () => {
  const { code, stdout, stderr } = await project(`
    import { createOp, Group, init, MpiError, sum } from "tsmpi";
    import * as library from "library";
    const world = await init();
    const theirs = await library.init();
    class Point { constructor(x) { this.x = x; } double() { return this.x * 2; } }
    library.registerClass(Point, { write: ({ x }) => x, read: (x) => new Point(x) });
    const longest = library.createOp((a, b) => (b.length > a.length ? b : a));
    const show = (...words) => world.rank === 0 && console.log(...words);
    show("names", MpiError.name, Group.name);
    show("one world", world === theirs, sum !== library.sum, MpiError !== library.MpiError);
    show("sum", await world.allreduce(world.rank + 1, library.sum), await world.allreduce(1, world.rank === 0 ? sum : library.sum));
    show("createOp", await world.allreduce("x".repeat(world.rank + 1), longest));
    const error = await theirs.recv({ source: 7 }).catch((thrown) => thrown);
    class Mine extends MpiError {}
    show("error", error instanceof library.MpiError, error instanceof MpiError, error instanceof Mine, new Mine("launch", "") instanceof library.MpiError, new Error() instanceof MpiError);
    show("class", (await world.bcast(world.rank === 0 ? new Point(4) : undefined)).double());
    const half = await world.subset([0]);
    if (half !== null) show("group", half.group instanceof library.Group, (await half.subset(new library.Group([0]))).size);
    await world.barrier();
    await theirs.close();
  `);
  expect({ stdout: stdout.split("\n"), stderr, code }).toEqual({
    stdout: [
      "names MpiError Group",
      "one world true true true",
      "sum 3 2",
      "createOp xx",
      "error true true false true false",
      "class 8",
      "group true 1",
      "",
    ],
    stderr: "",
    code: 0,
  });
});

test("two versions are an error with both paths", async () => {
  const main = `import { init } from "tsmpi"; import * as library from "library"; await init(); await library.init();`;
  const { code, stderr } = await project(main, (_, text) =>
    text.replace(`version = "${version}"`, `version = "9.9.9"`),
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /init\(\): this process has two versions of @tsmpi\/core, 9\.9\.9 from file:\S+library\/node_modules\/@tsmpi\/core\S+ and \d+\.\d+\.\d+ from file:\S+: a process has one world, so install one version for all/,
  );
});

test("the version is that of the package", () => {
  const { version: packaged } = JSON.parse(readFileSync(join(core, "package.json"), "utf8")) as { version: string };
  expect(version).toBe(packaged);
});
