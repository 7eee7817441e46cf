import { deepStrictEqual } from "node:assert";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Communicator, distributed, MpiError } from "tsmpi";
import { local } from "tsmpi/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "tsmpi-checkpoints-"));
});
afterAll(() => rmSync(home, { recursive: true }));

/** A rest of several pieces, small and large, and two distributed arrays: one of more than a stretch. */
function stateOf({ rank, size }: Communicator, step: number): Record<string, unknown> {
  const large = Float64Array.from({ length: 140_000 }, (_, i) => step * i + rank);
  return {
    t: step / 2,
    name: `rank ${rank} at step ${step}`,
    small: Int16Array.of(rank, step),
    medium: Uint8Array.from({ length: 10_000 }, (_, i) => i + step),
    large: large.subarray(1, 40_000),
    u: distributed(large, { shape: [140_000 * size], start: [140_000 * rank] }),
    deep: { v: distributed(Uint8Array.of(rank, step), { shape: [size, 2], start: [rank, 0], size: [1, 2] }) },
  };
}

/** The same, as it is loaded. */
function loadedOf(world: Communicator, step: number): unknown {
  const { u, deep, ...rest } = stateOf(world, step) as { u: { array: unknown }; deep: { v: { array: unknown } } };
  return { ...rest, u: u.array, deep: { v: deep.v.array } };
}

type Loaded = { step: number; isRight: boolean; warnings: string[] } | { code: string; message: string };

/** Loads a directory by so many ranks, and compares what they get with what was saved at that step. */
async function load(directory: string, ranks = 2): Promise<Loaded> {
  const warnings: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => warnings.push(String(text)) > 0);
  const all = await local(ranks, async (world) => {
    const store = await world.checkpoints(directory);
    try {
      const last = await store.load();
      if (last === undefined) throw new Error("no checkpoint");
      const { step, state } = last;
      deepStrictEqual(state, loadedOf(world, step));
      return { step, isRight: true };
    } catch (error) {
      if (!(error instanceof MpiError)) throw error;
      return { code: error.code, message: error.message.replace(/^.*?\.test\.ts:\d+: | \(rank \d+ on local\)$/g, "") };
    }
  });
  stderr.mockRestore();
  for (const each of all) expect(each).toEqual(all[0]);
  const [first] = all as [Loaded];
  return "step" in first ? { ...first, warnings } : first;
}

let saved: string;
beforeAll(async () => {
  saved = join(home, "saved");
  await local(2, async (world) => {
    const store = await world.checkpoints(saved);
    for (const step of [3, 4, 5]) await store.save(step, stateOf(world, step));
  });
});

let copies = 0;
/** A copy of what was saved, to be damaged. */
function copy(): { directory: string; last: string; before: string } {
  const directory = join(home, `copy-${++copies}`);
  cpSync(saved, directory, { recursive: true });
  const [before, last] = readdirSync(directory)
    .filter((name) => name.includes("step"))
    .sort();
  return { directory, last: join(directory, last as string), before: join(directory, before as string) };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  writeFileSync(path, bytes);
}

/** The one before the last is loaded, and a warning says why. */
async function expectPassedOver(directory: string, why: RegExp): Promise<void> {
  const loaded = await load(directory);
  expect(loaded).toEqual({ step: 4, isRight: true, warnings: [expect.stringMatching(why)] });
  rmSync(directory, { recursive: true });
}

describe("checkpoints", () => {
  it("that are whole are loaded, the last one, without a warning", async () => {
    expect(readdirSync(saved).sort()).toEqual(["000002-step-4", "000003-step-5", "owner.json"]);
    expect(await load(saved)).toEqual({ step: 5, isRight: true, warnings: [] });
  });

  it("with a changed byte, anywhere in a part, are passed over", async () => {
    const part = readFileSync(join(saved, "000003-step-5", "rank-1.part"));
    const dataAt = part.readUInt32LE(16);
    const near = [0, 7, 8, 11, 12, 16, 19, 20, 40, dataAt - 1, dataAt, dataAt + 1];
    const middle = Array.from({ length: 25 }, (_, i) => Math.floor(dataAt + ((part.length - dataAt) * i) / 25));
    for (const at of [...near, ...middle, part.length - 9, part.length - 4, part.length - 1]) {
      const { directory, last } = copy();
      flip(join(last, "rank-1.part"), at);
      await expectPassedOver(directory, /passed over a checkpoint that is not whole: step 5: rank-1\.part/);
    }
  });

  it("with a changed manifest are passed over", async () => {
    const { length } = readFileSync(join(saved, "000003-step-5", "manifest.json"));
    for (let at = 0; at < length - 1; at += 7) {
      const { directory, last } = copy();
      flip(join(last, "manifest.json"), at);
      await expectPassedOver(directory, /step 5: manifest\.json/);
    }
  });

  it("that are cut off are passed over, at any length", async () => {
    const { length } = readFileSync(join(saved, "000003-step-5", "rank-0.part"));
    for (const bytes of [0, 7, 19, 20, 100, 1000, 10_000, length >> 1, length - 5, length - 1]) {
      const { directory, last } = copy();
      truncateSync(join(last, "rank-0.part"), bytes);
      await expectPassedOver(directory, /step 5: rank-0\.part/);
    }
  });

  it("that have grown, or lost a part or the manifest, are passed over", async () => {
    const grown = copy();
    writeFileSync(join(grown.last, "rank-1.part"), "more", { flag: "a" });
    await expectPassedOver(grown.directory, /rank-1\.part has \d+ bytes, but \d+ were written/);
    for (const name of ["rank-0.part", "rank-1.part", "manifest.json"]) {
      const { directory, last } = copy();
      rmSync(join(last, name));
      await expectPassedOver(directory, new RegExp(`step 5: ${name} is missing`));
    }
  });

  it("with parts of another save, or another rank, are passed over", async () => {
    const other = copy();
    cpSync(join(other.before, "rank-1.part"), join(other.last, "rank-1.part"));
    await expectPassedOver(other.directory, /rank-1\.part belongs to another save: rank 1 of 2, step 4/);
    const swapped = copy();
    renameSync(join(swapped.last, "rank-0.part"), join(swapped.last, "rank-1.part"));
    await expectPassedOver(swapped.directory, /rank-0\.part is missing/);
    const moved = copy();
    renameSync(join(moved.directory, "000003-step-5"), join(moved.directory, "000003-step-6"));
    await expectPassedOver(moved.directory, /step 6: it was saved at step 5/);
  });

  it("of which none is whole are an error that says how to begin anew", async () => {
    const { directory, last, before } = copy();
    flip(join(last, "rank-1.part"), 3000);
    truncateSync(join(before, "rank-0.part"), 3000);
    expect(await load(directory)).toEqual({
      code: "io",
      message: expect.stringMatching(
        /copy-\d+ has 2 checkpoints, and none is whole: step 5: rank-1\.part: .*; step 4: rank-0\.part .*To begin anew, remove the directory/,
      ),
    });
  });

  it("that are damaged do not count among those that are kept, and are removed by the next save", async () => {
    const { directory, last } = copy();
    flip(join(last, "rank-1.part"), 3000);
    await local(2, async (world) => {
      const store = await world.checkpoints(directory);
      expect((await store.load())?.step).toBe(4);
      await store.save(6, stateOf(world, 6));
    });
    expect(readdirSync(directory).filter((name) => name.includes("step"))).toEqual(["000002-step-4", "000004-step-6"]);
  });

  it("of a newer format are an error, and not passed over", async () => {
    const { directory, last } = copy();
    const path = join(last, "manifest.json");
    const { check: _, ...manifest } = JSON.parse(readFileSync(path, "utf8"));
    const { crc32 } = await import("node:zlib");
    const newer = { ...manifest, format: 2 };
    writeFileSync(
      path,
      JSON.stringify({ ...newer, check: crc32(JSON.stringify(newer)).toString(16).padStart(8, "0") }),
    );
    expect(await load(directory)).toEqual({
      code: "io",
      message: expect.stringMatching(
        /000003-step-5\/manifest\.json has format 2, but this version of tsmpi reads format 1/,
      ),
    });
  });

  it("of another number of ranks are an error that names both, and loadParts()", async () => {
    expect(await load(saved, 3)).toEqual({
      code: "mismatch",
      message:
        "the checkpoint was saved by 2 ranks, and there are 3: loadParts() shares out the parts of all, and load({ into }) fills distributed arrays",
    });
  });
});
