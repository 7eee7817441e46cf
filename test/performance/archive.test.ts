import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, test } from "vitest";
import { LaunchError } from "../../packages/launcher/src/errors/launch-error.ts";
import { readRecording, writeRecording } from "../../packages/launcher/src/recording/archive.ts";
import type { CallEvents, RunRecording } from "../../packages/launcher/src/recording/recording.ts";
import { Simulation } from "./generate.ts";
import { deadlock, mixed, straggler } from "./scenarios.ts";

const folder = mkdtempSync(join(tmpdir(), "archive-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "run.tsrec");

async function failure(bytes: Uint8Array): Promise<string> {
  writeFileSync(path, bytes);
  try {
    await readRecording(path);
  } catch (error) {
    assert.ok(error instanceof LaunchError, `${error}`);
    return error.message;
  }
  throw new Error("it was read");
}

describe("a recording is read as it was written", () => {
  const runs: Record<string, () => RunRecording> = {
    "a mixture": () => mixed(5, 70, 3).recording(),
    "one call of eight": () => mixed(5, 700, 3).recording(8),
    "a map": () => straggler(4).recording(),
    "calls that never ended": () => deadlock().recording(),
    "notes and spans of phases": () => {
      const recording = mixed(2, 7, 3).recording();
      Object.assign(recording.ranks[1]!, { notes: ["A note."], phaseSpans: [[1, 2.5, 7]] });
      return recording;
    },
    "no calls": () => new Simulation(2).recording(),
    "no ranks": () => new Simulation(0).recording(),
  };
  for (const [name, make] of Object.entries(runs)) {
    test(name, async () => {
      const recording = make();
      await writeRecording(recording, path);
      assert.deepEqual(await readRecording(path), recording);
      assert.deepEqual(readdirSync(folder), ["run.tsrec"]);
    });
  }

  test("columns that are views into larger buffers, and longer than what is read at once", async () => {
    const recording = mixed(2, 7, 3).recording();
    const length = 300_000;
    const all = new Float64Array(length + 5).map((_, i) => i / 7);
    const events: CallEvents = {
      began: all.subarray(3, length + 3),
      ms: all.subarray(5),
      sums: new Uint32Array(length),
      peer: new Int32Array(length).fill(-1),
      bytes: new Float64Array(length).fill(2 ** 40),
      tag: new Int32Array(length),
      context: new Uint32Array(length),
      key: new Uint32Array(length).map((_, i) => 2 ** 32 - i),
    };
    recording.ranks[1]!.events = events;
    await writeRecording(recording, path);
    const read = (await readRecording(path)).ranks[1]!.events;
    for (const name of Object.keys(events) as (keyof CallEvents)[]) {
      assert.ok(Buffer.from(read[name].buffer).equals(Buffer.from(events[name].slice().buffer)), name);
    }
  });
});

describe("a file that is no recording says so", () => {
  const none = `${path}: this is no recording of tsmpi (tsmpi run --record makes one)`;

  test("text", async () => {
    assert.equal(await failure(Buffer.from("hello, world\n".repeat(100))), none);
  });

  test("something else that is compressed", async () => {
    assert.equal(await failure(gzipSync(Buffer.alloc(100_000, "x"))), none);
    assert.equal(await failure(gzipSync("tsmpi recording\n")), none);
  });

  test("another format", async () => {
    const message = await failure(gzipSync("tsmpi recording 2 17\n"));
    assert.equal(message, `${path}: the recording has format 2, this tsmpi reads format 1; a newer tsmpi wrote it`);
  });

  test("a file that does not exist", async () => {
    await assert.rejects(readRecording(join(folder, "no.tsrec")), {
      name: "LaunchError",
      message: `${join(folder, "no.tsrec")}: no such file or directory`,
    });
  });

  test("a folder", async () => {
    await assert.rejects(readRecording(folder), { name: "LaunchError", message: `${folder}: is a directory` });
  });
});

describe("a file that is cut off or damaged says so", () => {
  test("an empty file", async () => {
    assert.match(await failure(new Uint8Array(0)), /cut off/);
  });

  test("wherever it is cut", async () => {
    await writeRecording(mixed(3, 70, 3).recording(), path);
    const bytes = readFileSync(path);
    for (let part = 1; part < 20; part++) {
      const message = await failure(bytes.subarray(0, Math.floor((part * bytes.length) / 20)));
      assert.equal(message, `${path}: the recording is cut off: the file was not written or copied to its end`);
    }
    assert.match(await failure(bytes.subarray(0, bytes.length - 1)), /cut off/);
  });

  test("before it was compressed", async () => {
    await writeRecording(mixed(3, 70, 3).recording(), path);
    const plain = gunzipSync(readFileSync(path));
    assert.match(await failure(gzipSync(plain.subarray(0, plain.length - 5))), /cut off/);
    assert.match(await failure(gzipSync(Buffer.concat([plain, Buffer.from("x")]))), /damaged/);
  });

  test("by other bytes in its middle", async () => {
    await writeRecording(mixed(3, 70, 3).recording(), path);
    const bytes = readFileSync(path);
    bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 200);
    assert.match(await failure(bytes), /^\S+: the recording is (damaged|cut off): /);
  });

  test("in its header", async () => {
    assert.match(await failure(gzipSync("tsmpi recording 1 5\n{abc}end\n")), /damaged/);
    const header = JSON.stringify({ ranks: [{ events: { began: 2 ** 52 }, bins: {}, samples: {} }] });
    assert.match(await failure(gzipSync(`tsmpi recording 1 ${header.length}\n${header}end\n`)), /damaged/);
    assert.match(await failure(gzipSync("tsmpi recording 1 2\n{}end\n")), /damaged/);
  });
});

test("a file that cannot be written is an error", async () => {
  const target = join(folder, "none", "run.tsrec");
  await assert.rejects(writeRecording(mixed(2, 7, 3).recording(), target), { code: "ENOENT" });
});
