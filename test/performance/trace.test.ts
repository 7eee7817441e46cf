import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, test } from "vitest";
import { writeTrace } from "../../packages/launcher/src/performance/trace.ts";
import { Simulation } from "./generate.ts";
import { balanced, deadlock, misplacedStencil, mixed, star, straggler } from "./scenarios.ts";
import { checkTrace, type Loose } from "./trace-rules.ts";

const folder = mkdtempSync(join(tmpdir(), "trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function traceOf(run: Simulation, keeps = 1): Promise<Loose[]> {
  const path = join(folder, "run.json");
  await writeTrace(run.recording(keeps), path);
  return checkTrace(readFileSync(path, "utf8"));
}

const ofKind = (events: Loose[], ...kinds: string[]): Loose[] => events.filter(({ ph }) => kinds.includes(String(ph)));

describe("a trace keeps the rules of the format", () => {
  const runs: Record<string, () => Simulation> = {
    "a mixture": () => mixed(5, 210, 3),
    "a star": () => star(5),
    "a stencil": () => misplacedStencil(6, 20),
    "a map": () => straggler(4, 60),
    "a deadlock": deadlock,
    "no calls": () => new Simulation(3),
  };
  for (const [name, make] of Object.entries(runs)) {
    test(name, async () => {
      const run = make();
      const events = await traceOf(run);
      const calls = run.ranks.reduce((sum, own) => sum + own.calls.length, 0);
      const slices = ofKind(events, "X").filter(({ cat }) => cat !== "phase");
      assert.equal(slices.length, calls);
    });
  }

  test("with one call of eight", async () => {
    const events = await traceOf(mixed(5, 2100, 3), 8);
    assert.ok(ofKind(events, "s").length > 50);
  });
});

test("each message of the program is an arrow, and calls have their arguments", async () => {
  const run = new Simulation(3, [0, 0, 1]);
  run.compute(0, 5);
  run.message(0, 2, { bytes: 800, tag: 7, from: "a.ts:1", to: "a.ts:2" });
  run.rooted("bcast", "a.ts:3", 1);
  const events = await traceOf(run);
  const [begin] = ofKind(events, "s");
  const [end] = ofKind(events, "f");
  assert.deepEqual(ofKind(events, "s", "f").length, 2);
  assert.deepEqual([begin?.["pid"], end?.["pid"]], [1, 2]);
  const send = events.find(({ name }) => name === "send");
  assert.deepEqual(send?.["args"], { line: "a.ts:1", bytes: 800, peer: 2, tag: 7 });
  assert.deepEqual([send?.["ts"], send?.["dur"]], [5000, 20]);
  const bcast = events.find(({ name }) => name === "bcast");
  assert.deepEqual(bcast?.["args"], { line: "a.ts:3", bytes: 8, root: 1 });
  const names = events.filter(({ name }) => name === "thread_name" || name === "process_name");
  assert.deepEqual(
    names.map(({ args }) => (args as Loose)["name"]),
    ["n41", "n42", "rank 0 phases", "rank 0", "rank 1 phases", "rank 1", "rank 2 phases", "rank 2"],
  );
});

test("calls at the same time get tracks of their own", async () => {
  const run = balanced(2, 1);
  const [{ calls }] = run.ranks as [Simulation["ranks"][number]];
  const [first] = calls;
  for (let i = 1; i <= 40; i++)
    calls.push({ ...first!, key: i, began: first!.began + i * 0.001, ms: first!.ms + i * 0.01 });
  const events = await traceOf(run);
  assert.equal(ofKind(events, "X").length, 42);
  assert.ok(events.some(({ args }) => (args as Loose | undefined)?.["name"] === "rank 0, at the same time (2)"));
});

test("phases, memory and CPUs are there", async () => {
  const events = await traceOf(mixed(3, 30, 5));
  assert.ok(events.some(({ cat, name }) => cat === "phase" && name === "solve/halo"));
  const counters = new Set(ofKind(events, "C").map(({ name }) => name));
  assert.equal(counters.size, 6);
  assert.ok(counters.has("rank 2 memory (MiB)"));
});

test("a name that ends in .gz is compressed", async () => {
  const path = join(folder, "run.json.gz");
  await writeTrace(star(4).recording(), path);
  const events = checkTrace(gunzipSync(readFileSync(path)).toString());
  assert.ok(events.length > 100);
});

test("a file that cannot be written is an error", async () => {
  const path = join(folder, "none", "run.json");
  await assert.rejects(writeTrace(balanced(2, 1).recording(), path), { code: "ENOENT" });
});
