import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { command } from "../support/run-tsmpi.ts";
import { full } from "../support/tier.ts";
import { samples } from "./projects.ts";
import type { Sample } from "./sample.ts";

// Another Node may be named, to see that the same holds there; and another way to run a script, to compare with.
const node = process.env["TEST_NODE"] ?? process.execPath;
const other = process.env["TEST_OTHER"]?.split(" ");

const top = realpathSync(mkdtempSync(join(tmpdir(), "tsmpi-projects-")));
afterAll(() => rmSync(top, { recursive: true, force: true }));
let made = 0;

function make({ files, links = {} }: Sample): string {
  const folder = join(top, `project ${made++}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    symlinkSync(join(folder, target), join(folder, name));
  }
  return folder;
}

interface Outcome {
  out: string;
  err: string;
  code: number | null;
}

function run(way: readonly string[], sample: Sample, folder: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const args = [...way, sample.script ?? "main.ts", ...(sample.args ?? [])];
    const env = {
      ...process.env,
      XDG_CACHE_HOME: join(top, "cache"),
      NODE_OPTIONS: sample.nodeOptions ?? "",
      NO_COLOR: "1",
    };
    const child = spawn(node, args, { cwd: folder, env });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (err += text));
    child.stdin.on("error", () => {}).end(sample.input ?? "");
    child.on("close", (code) => resolve({ out: out.trimEnd(), err, code }));
  });
}

const hasHooks = process.env["TEST_NODE"] !== undefined || "registerHooks" in nodeModule;

function nodeRuns({ node: which = "none" }: Sample): boolean {
  if (which === "each") return true;
  return which === "types"
    ? "typescript" in process.features && !!process.features.typescript
    : which === "hooks" && "registerHooks" in nodeModule;
}

describe.concurrent("a project runs in each rank as it runs under node", () => {
  const known = Object.entries(samples).filter(([, sample]) => sample.node !== "hooks" || hasHooks);
  // The quick tier takes every third, so some of each kind.
  test.each(known.filter((_, i) => full || i % 3 === 0))("%s", async (_, sample) => {
    const folder = make(sample);
    const expected = { out: sample.out, code: sample.code ?? 0, says: true };
    const seen = ({ out, err, code }: Outcome) => ({ out, code, says: sample.says?.test(err) ?? true });
    const ours = await run([command, "run", "-n", "1"], sample, folder);
    expect(seen(ours), ours.err).toEqual(expected);
    if (sample.says === undefined && sample.code === undefined)
      expect(ours.err.replace(/^.*(Warning: |--trace-).*\n/gm, "")).toBe("");
    if (other !== undefined || (nodeRuns(sample) && process.env["TEST_NODE"] === undefined)) {
      const theirs = await run(other ?? [], sample, folder);
      expect(seen(theirs), theirs.err).toEqual(expected);
    }
  });
});

test("a bundle of a program and tsmpi in the format of CommonJS runs on ranks", async () => {
  const sample: Sample = {
    files: {
      "main.ts": `import { init, sum } from "@tsmpi/core"; async function main(): Promise<void> { const world = await init(); const total = await world.allreduce(world.rank + 1, sum); if (world.rank === 0) console.log(total); } void main();`,
    },
    script: "main.cjs",
    out: "3",
  };
  const folder = make(sample);
  await build({
    entryPoints: [join(folder, "main.ts")],
    outfile: join(folder, "main.cjs"),
    alias: { "@tsmpi/core": fileURLToPath(new URL("../../packages/core/dist/index.js", import.meta.url)) },
    external: ["koffi", "zeromq"],
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "silent",
  });
  symlinkSync(
    fileURLToPath(new URL("../../packages/core/node_modules", import.meta.url)),
    join(folder, "node_modules"),
  );
  const { out, code, err } = await run([command, "run", "-n", "2"], sample, folder);
  expect({ out, code }, err).toEqual({ out: "3", code: 0 });
});
