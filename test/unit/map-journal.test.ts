import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { local } from "tsmpi/testing";
import { afterAll, describe, test } from "vitest";
import { Journal } from "../../packages/core/src/tasks/journal.ts";

const folder = mkdtempSync(join(tmpdir(), "tsmpi-journal-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}`);

/** A journal with these results: of the input i, `results[i]`. */
function written(results: readonly unknown[]): string {
  const path = newFile();
  const journal = new Journal(path, "task");
  for (const [i, result] of results.entries()) journal.add(i, journal.digestOf(i), result);
  journal.close();
  return path;
}

/** What a journal knows of the inputs 0 to count - 1. */
function read(path: string, count: number): ({ value: unknown } | undefined)[] {
  const journal = new Journal(path, "task");
  const found = Array.from({ length: count }, (_, i) => journal.find(i, journal.digestOf(i)));
  journal.close();
  return found;
}

const values = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.constant(undefined),
  fc.array(fc.integer()),
  fc.uint8Array({ maxLength: 6000 }),
);

describe("a journal", () => {
  test("gives back what was written", () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 12 }), (results) => {
        assert.deepEqual(
          read(written(results), results.length),
          results.map((value) => ({ value })),
        );
      }),
      { numRuns: 40 },
    );
  });

  test("cut off anywhere gives a beginning of what was written, and can be written on", () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (results, part) => {
          const path = written(results);
          truncateSync(path, Math.floor(part * statSync(path).size));
          const found = read(path, results.length);
          const known = found.indexOf(undefined);
          const count = known < 0 ? found.length : known;
          assert.deepEqual(
            found.slice(0, count),
            results.slice(0, count).map((value) => ({ value })),
          );
          assert.ok(found.slice(count).every((each) => each === undefined));
          const journal = new Journal(path, "task");
          for (let i = count; i < results.length; i++) journal.add(i, journal.digestOf(i), results[i]);
          journal.close();
          assert.deepEqual(
            read(path, results.length),
            results.map((value) => ({ value })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("with a byte changed never gives a wrong value", () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (results, at, flip) => {
          const path = written(results);
          const bytes = readFileSync(path);
          const place = at % bytes.length;
          bytes[place] = (bytes[place] as number) ^ flip;
          writeFileSync(path, bytes);
          let found: ({ value: unknown } | undefined)[];
          try {
            found = read(path, results.length);
          } catch (error) {
            return assert.match((error as Error).message, /not a journal|damaged|belongs to another job/);
          }
          found.forEach((each, i) => each === undefined || assert.deepEqual(each, { value: results[i] }));
        },
      ),
      { numRuns: 100 },
    );
  });

  test("ends where a file system has left zeros", () => {
    const path = written([1, 2]);
    appendFileSync(path, Buffer.alloc(4096));
    assert.deepEqual(read(path, 3), [{ value: 1 }, { value: 2 }, undefined]);
  });

  test("of another task, of other inputs, or no journal at all is refused and left as it is", () => {
    const path = written([1]);
    const before = readFileSync(path);
    assert.throws(() => new Journal(path, "other"), /belongs to another job: it has results of task, not of other/);
    const journal = new Journal(path, "task");
    assert.throws(() => journal.find(0, journal.digestOf("something else")), /belongs to other inputs: input 0/);
    journal.close();
    assert.deepEqual(readFileSync(path), before);
    const text = newFile();
    writeFileSync(text, "my only copy of the results\n");
    assert.throws(() => new Journal(text, "task"), /is not a journal of tsmpi/);
    assert.equal(readFileSync(text, "utf8"), "my only copy of the results\n");
    assert.throws(() => new Journal(join(folder, "none", "x"), "task"), /cannot be opened/);
  });
});

describe("a map with a journal", () => {
  test("skips what an earlier run has finished, whatever the number of ranks", async () => {
    const journal = newFile();
    const inputs = Array.from({ length: 50 }, (_, i) => i);
    const run = async (ranks: number, brokenAt: number): Promise<{ done: number[]; results: number[] | undefined }> => {
      const done: number[] = [];
      const task = (x: number): number => {
        if (x === brokenAt) throw new Error("walltime");
        done.push(x);
        return x * x;
      };
      let results: number[] | undefined;
      await local(ranks, async (world) => {
        results = (await world.map(task, inputs, { journal, chunkSize: 1 })) ?? results;
      }).catch((error: Error) => assert.match(error.message, /walltime/));
      return { done, results };
    };
    const first = await run(3, 30);
    assert.equal(first.results, undefined);
    const second = await run(2, -1);
    assert.deepEqual(
      second.results,
      inputs.map((x) => x * x),
    );
    assert.ok(second.done.length < 50 && second.done.includes(30));
    const third = await run(4, -1);
    assert.deepEqual(third, { done: [], results: second.results });
  });

  test("refuses the journal of other inputs", async () => {
    const journal = newFile();
    const double = (x: number): number => 2 * x;
    await local(2, (world) => world.map(double, [1, 2, 3], { journal }));
    await assert.rejects(
      local(2, (world) => world.map(double, [1, 5, 3], { journal })),
      /belongs to other inputs: input 1/,
    );
    const triple = (x: number): number => 3 * x;
    await assert.rejects(
      local(2, (world) => world.map(triple, [1, 2, 3], { journal })),
      /belongs to another job/,
    );
  });
});
