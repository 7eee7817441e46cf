import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder, runTsmpi } from "../support/run-tsmpi.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const api = join(root, "packages/core/src/communicators/api");

/** Calls that need no example: properties, those of a grid that its other examples use, and what `await using` calls. */
const plain = new Set(["close", "release", "fence", "value", "coords", "rankOf", "[Symbol.asyncDispose]"]);

/** An example of the docs: where it is, and its lines. */
interface Example {
  readonly at: string;
  readonly code: string;
}

const files = readdirSync(api).filter((file) => file.endsWith(".ts") && file !== "group.ts");
/** Functions of the public face that are not calls of a communicator. */
const functions = [
  "../../calls/regions/block.ts",
  "../../calls/regions/grid.ts",
  "../../checkpoints/distributed.ts",
  "../../checkpoints/face.ts",
  "../../files/parallel-file.ts",
  "../npy.ts",
  "../../windows/face.ts",
];
/** Files whose first example makes what all their others use. */
const withSetup = /inter-collectives\.ts|parallel-file\.ts|checkpoints\/face\.ts/;
const text = (file: string): string => readFileSync(join(api, file), "utf8");

function examplesOf(file: string): Example[] {
  const whole = text(file);
  const found = [...whole.matchAll(/\* ```ts\n(.*?)\* ```/gs)].map(({ index, 1: block }) => ({
    at: `${file}:${whole.slice(0, index).split("\n").length}`,
    code: block!.replace(/^ *\* ?/gm, "").trim(),
  }));
  const [setup] = found;
  if (!withSetup.test(file) || setup === undefined) return found;
  return found.slice(1).map(({ at, code }) => ({ at, code: `${setup.code}\n${code}` }));
}

/** `const x = call; // => value` checks the value; so does `x.y; // => value`. */
function checked(code: string): string {
  const bound = /^( *const (?:(\w+)|\{[^}]*\}) = .*;) \/\/ => (.*)$/gm;
  const bare = /^([^/\n]*); \/\/ => (.*)$/gm;
  return code.replace(bound, "$1 deepEqual($2, $3);").replace(bare, "deepEqual($1, $2);");
}

describe("the examples of the calls' docs", () => {
  it("run on 4 ranks, and give what they say", async () => {
    const examples = [...files, ...functions].flatMap(examplesOf);
    const bodies = examples.map(({ at, code }) => `  ["${at}", async (world) => {\n${checked(code)}\n  }],`);
    const program = `import { deepEqual } from "node:assert/strict";
import { block, chunks, type Communicator, dims, distributed, grid, init, min, readNpy, readNpyHeader, sum, writeNpy } from "tsmpi";
const examples: [string, (world: Communicator) => Promise<void>][] = [
${bodies.join("\n")}
];
await using world = await init();
for (const [at, example] of examples) {
  const own = await world.dup();
  try { await example(own); } catch (error) { console.log(at, (error as Error).message); }
  await world.barrier();
  await own.close();
}`;
    const worker = 'import { init } from "tsmpi"; await (await init()).parent?.merge({ high: true });';
    const cwd = folder({ "program.ts": program, "worker.ts": worker });
    symlinkSync(join(root, "packages/examples/node_modules"), join(cwd, "node_modules"));
    const { code, stdout, stderr } = await runTsmpi(["run", "-n", "4", "--timeout", "60", "program.ts"], { cwd });
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "" });
    expect(examples.length).toBeGreaterThan(40);
  });

  it.each([...files, ...functions])("%s: each call has its errors, its parameters and an example", (file) => {
    const [face = ""] = text(file).split(/\n(?:export )?class /);
    const docs = [...face.matchAll(/\n {2}\/\*\*((?:(?!\*\/).)*)\*\/\n {2}(\[?[\w.]+\]?)(<[^(]*)?\(/gs)];
    const calls = docs.map(([, doc, name]) => ({ name: name!, doc: doc! })).filter(({ name }) => !plain.has(name));
    for (const { name, doc } of calls) {
      if (/see \{@link \w+\.dup\}/.test(doc)) continue;
      expect(doc, name).toMatch(/@throws MpiError/);
      if (!(file === "inter-collectives.ts" && name === "barrier")) expect(doc, name).toMatch(/```ts/);
      expect(doc.trim().split("\n")[0], `${name}: the first line is a sentence`).toMatch(/^\* [A-Z][^@]*[.,:;]?/);
    }
  });
});
