import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

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
