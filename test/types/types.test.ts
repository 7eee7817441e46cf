import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { folder } from "../support/run-tsmpi.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("the face infers and refuses what face.test-d.ts says", () => {
  const { status, stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ["-p", "test", "--noEmit"], {
    cwd: root,
    encoding: "utf8",
  });
  const ours = stdout.split("\n").filter((line) => line.startsWith("test/types/"));
  assert.deepEqual(ours, []);
  assert.ok(status === 0 || stdout.includes("error TS"), "the compiler ran");
});

test("a project finds the types with each moduleResolution that the README names", () => {
  const cwd = folder({
    "package.json": `{ "type": "module" }`,
    "main.ts": `import { init, MpiError, type Op, sum } from "tsmpi";
      import { local } from "tsmpi/testing";
      const op: Op<number> = sum;
      await using world = await init();
      const total: number | undefined = await world.reduce(1, op);
      console.log(total, await local(2, ({ rank }) => rank), MpiError);`,
  });
  for (const scope of ["@tsmpi", "@types"]) mkdirSync(join(cwd, "node_modules", scope), { recursive: true });
  symlinkSync(`${root}packages/launcher`, join(cwd, "node_modules/tsmpi"));
  symlinkSync(`${root}packages/core`, join(cwd, "node_modules/@tsmpi/core"));
  symlinkSync(`${root}node_modules/@types/node`, join(cwd, "node_modules/@types/node"));
  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["node16", "node16"],
    ["esnext", "bundler"],
  ] as const) {
    const options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,esnext.disposable"];
    const ways = ["--module", module, "--moduleResolution", resolution, "--types", "node", "main.ts"];
    const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, [...options, ...ways], { cwd, encoding: "utf8" });
    expect(`${resolution}: ${stdout}`).toBe(`${resolution}: `);
  }
});
