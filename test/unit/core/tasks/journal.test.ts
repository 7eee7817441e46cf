import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { type PoolWorkers, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { afterAll, describe, test } from "vitest";
import { Journal, type Subject } from "../../../../packages/core/src/tasks/journal.ts";

const folder = mkdtempSync(join(tmpdir(), "tsmpi-journal-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}`);

const work = (x: number): number => x;

function open(path: string, subject: Partial<Subject> = {}, warn: (text: string) => void = assert.fail): Journal {
  return new Journal(path, { task: "task", work, key: undefined, ...subject }, warn);
}

/** A journal with these results: of the input i, `results[i]`. */
function written(results: readonly unknown[]): string {
  const path = newFile();
  const journal = open(path);
  for (const [i, result] of results.entries()) journal.add(i, journal.digestOf(i), result);
  journal.close();
  return path;
}

/** What a journal knows of the inputs 0 to count - 1. */
function read(path: string, count: number, warn?: (text: string) => void): ({ value: unknown } | undefined)[] {
  const journal = open(path, {}, warn);
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
          const journal = open(path);
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
            found = read(path, results.length, () => {});
          } catch (error) {
            return assert.match((error as Error).message, /not a journal|earlier version|damaged/);
          }
          found.forEach((each, i) => each === undefined || assert.deepEqual(each, { value: results[i] }));
        },
      ),
      { numRuns: 100 },
    );
  });

  test("with a byte changed loses that result alone, and says so unless it is the last one", () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 2, maxLength: 6 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (results, which, at, flip) => {
          const damaged = which % results.length;
          const ends = [0, ...results.keys()].map((_, i) => statSync(written(results.slice(0, i))).size);
          const [from, to] = [ends[damaged] as number, ends[damaged + 1] as number];
          const path = written(results);
          const bytes = readFileSync(path);
          const place = from + (at % (to - from));
          bytes[place] = (bytes[place] as number) ^ flip;
          writeFileSync(path, bytes);
          const warnings: string[] = [];
          assert.deepEqual(
            read(path, results.length, (text) => warnings.push(text)),
            results.map((value, i) => (i === damaged ? undefined : { value })),
          );
          const says = `the journal ${path} is damaged: ${to - from} bytes from ${from} on are passed over`;
          assert.deepEqual(warnings, damaged === results.length - 1 ? [] : [says]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("whose lost result was made again behind the damage has them all", () => {
    const path = written(["a", "b", "c"]);
    const bytes = readFileSync(path);
    bytes[bytes.indexOf("b", statSync(written(["a"])).size + 40)] = 0;
    writeFileSync(path, bytes);
    const journal = open(path, {}, () => {});
    journal.add(1, journal.digestOf(1), "b");
    journal.close();
    assert.deepEqual(
      read(path, 3, () => {}),
      ["a", "b", "c"].map((value) => ({ value })),
    );
  });

  test("is in use until it is closed: a second one is told by whom, and changes nothing", () => {
    const path = newFile();
    const journal = open(path);
    journal.add(0, journal.digestOf(0), "zero");
    const by = `is in use by a process on ${hostname()} \\(pid ${process.pid}\\): .* remove ${path}.lock`;
    assert.throws(() => open(path), new RegExp(by));
    const link = newFile();
    symlinkSync(path, link);
    assert.throws(() => open(link), new RegExp(by));
    journal.close();
    assert.deepEqual(read(path, 1), [{ value: "zero" }]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".lock")),
      [],
    );
  });

  test("is taken over from a process of this host that is gone, and from no other", () => {
    const path = written([1]);
    const lock = `${path}.lock`;
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const pids = readlinkSync("/proc/self/ns/pid");
    const holder = { host: hostname(), pid, started: "1", pids, job: "abc" };
    writeFileSync(lock, JSON.stringify(holder));
    assert.deepEqual(read(path, 1), [{ value: 1 }]);
    // Another process has its pid now.
    writeFileSync(lock, JSON.stringify({ ...holder, pid: process.pid }));
    assert.deepEqual(read(path, 1), [{ value: 1 }]);
    for (const other of [{ host: "n042" }, { pids: "pid:[1]" }]) {
      writeFileSync(lock, JSON.stringify({ ...holder, ...other }));
      assert.throws(() => open(path), /in use by job abc on/);
    }
    writeFileSync(lock, "");
    assert.throws(() => open(path), /in use by another process/);
    rmSync(lock);
  });

  test("of another function or another key is refused and left as it is", () => {
    const path = written([1]);
    const before = readFileSync(path);
    assert.throws(
      () => open(path, { work: (x: number) => x + 1 }),
      /belongs to another job: its results are of a function task with another source; remove it, or name another file/,
    );
    assert.throws(() => open(path, { key: { factor: 2 } }), /belongs to another job: its results have another key/);
    assert.throws(() => open(newFile(), { key: () => 1 }), /the journal's key cannot travel/);
    assert.throws(
      () => open(newFile(), { work: work.bind(null, 1) }),
      /bound function, .* give journal: { file, key }/,
    );
    const keyed = newFile();
    open(keyed, { work: work.bind(null, 1), key: 1 }).close();
    open(keyed, { work: work.bind(null, 1), key: 1 }).close();
    assert.deepEqual(readFileSync(path), before);
  });

  test("of an earlier version is refused and left as it is", () => {
    const path = newFile();
    writeFileSync(path, Buffer.concat([Buffer.from("tsmpi journal 1\n"), Buffer.alloc(100, 1)]));
    const before = readFileSync(path);
    assert.throws(() => open(path), /is of an earlier version of tsmpi, .* remove it, or name another file/);
    assert.deepEqual(readFileSync(path), before);
  });

  test("ends where a file system has left zeros", () => {
    const path = written([1, 2]);
    appendFileSync(path, Buffer.alloc(4096));
    assert.deepEqual(read(path, 3), [{ value: 1 }, { value: 2 }, undefined]);
  });

  test("of another task, of other inputs, or no journal at all is refused and left as it is", () => {
    const path = written([1]);
    const before = readFileSync(path);
    assert.throws(() => open(path, { task: "other" }), /belongs to another job: it has results of task, not of other/);
    const journal = open(path);
    assert.throws(() => journal.find(0, journal.digestOf("something else")), /belongs to other inputs: input 0/);
    journal.close();
    assert.deepEqual(readFileSync(path), before);
    const text = newFile();
    writeFileSync(text, "my only copy of the results\n");
    assert.throws(() => open(text), /is not a journal of tsmpi/);
    assert.equal(readFileSync(text, "utf8"), "my only copy of the results\n");
    assert.throws(() => open(join(folder, "none", "x")), /cannot be opened/);
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

  test("never takes one function's results for another's, nor those with other captured values", async () => {
    const file = newFile();
    const scaled = (factor: number): Promise<(number[] | undefined)[]> =>
      local(2, (world) => world.map((x: number) => x * factor, [1, 2, 3], { journal: { file, key: { factor } } }));
    assert.deepEqual(await scaled(2), [[2, 4, 6], undefined]);
    await assert.rejects(scaled(300), /its results have another key; remove it, or name another file/);
    assert.deepEqual(await scaled(2), [[2, 4, 6], undefined]);
    await assert.rejects(
      local(2, (world) => world.map((x: number) => x * 300, [1, 2, 3], { journal: { file, key: { factor: 2 } } })),
      /its results are of a function map with another source/,
    );
  });

  test("and another one on the same file at the same time: the second is refused, the first loses nothing", async () => {
    const journal = newFile();
    const slow = (x: number): Promise<number> => {
      began();
      return sleep(20, x);
    };
    let began = (): void => {};
    const beginning = new Promise<void>((resolve) => {
      began = resolve;
    });
    const first = local(2, (world) => world.map(slow, [1, 2, 3], { journal }));
    await beginning;
    const second = local(2, (world) => world.map(slow, [1, 2, 3], { journal }));
    await assert.rejects(second, /is in use by/);
    assert.deepEqual((await first)[0], [1, 2, 3]);
    assert.deepEqual((await local(2, (world) => world.map(slow, [1, 2, 3], { journal })))[0], [1, 2, 3]);
  });

  test("refuses what is not the name of a file, or an option that it does not have", async () => {
    const map = (journal: never): Promise<unknown> => local(1, (world) => world.map(work, [1], { journal }));
    await assert.rejects(map("" as never), /journal is "", but a journal is the name of a file, or { file, key }/);
    await assert.rejects(map({ key: 1 } as never), /journal\.file is undefined, but/);
    await assert.rejects(
      map({ file: "x", kye: 1 } as never),
      /journal has no option kye; its options are file and key/,
    );
  });
});

describe("a pool with a journal", () => {
  /** Runs `driver` in a pool, and returns its result and the inputs whose task was called. */
  async function driven<R>(
    driver: (workers: PoolWorkers<{ square: (x: number) => number }>) => Promise<R>,
  ): Promise<{ result: R | undefined; done: number[] }> {
    const done: number[] = [];
    const square = (x: number): number => {
      if (x < 0) throw new Error("walltime");
      done.push(x);
      return x * x;
    };
    const [result] = await local(3, (world) => world.pool({ square }, driver));
    return { result, done: done.sort((a, b) => a - b) };
  }

  test("skips what earlier calls of run have finished, by their inputs and in any order", async () => {
    const journal = newFile();
    const all = (inputs: number[]): ReturnType<typeof driven<PromiseSettledResult<number>[]>> =>
      driven((workers) => Promise.allSettled(inputs.map((x) => workers.run("square", x, { journal }))));
    assert.deepEqual((await all([1, 2, -3, 4])).done, [1, 2, 4]);
    const second = await all([5, 4, 3, 2, 1]);
    assert.deepEqual(second.done, [3, 5]);
    assert.deepEqual(
      second.result?.map((each) => each.status === "fulfilled" && each.value),
      [25, 16, 9, 4, 1],
    );
    assert.deepEqual((await all([1, 2, 3, 4, 5])).done, []);
  });

  test("has as many results of an input as there were calls with it", async () => {
    const journal = newFile();
    const draws = (count: number): Promise<{ result: number[] | undefined; calls: number }> => {
      let calls = 0;
      const draw = (): number => {
        calls += 1;
        return Math.random();
      };
      const driver = (workers: PoolWorkers<{ draw: typeof draw }>): Promise<number[]> =>
        Promise.all(Array.from({ length: count }, () => workers.run("draw", undefined as never, { journal })));
      return local(2, (world) => world.pool({ draw }, driver)).then(([result]) => ({ result, calls }));
    };
    const first = await draws(3);
    const second = await draws(5);
    assert.deepEqual([first.calls, second.calls], [3, 2]);
    assert.equal(new Set(second.result).size, 5);
    for (const value of first.result ?? []) assert.ok(second.result?.includes(value));
  });

  test("opens the file of its runs once, until it ends", async () => {
    const journal = newFile();
    const { result } = await driven(async (workers) => {
      const inodes = new Set<number>();
      for (let x = 0; x < 3; x++) {
        await workers.run("square", x, { journal });
        inodes.add(statSync(`${journal}.lock`).ino);
      }
      const other = { file: journal, key: "another" };
      await assert.rejects(workers.run("square", 1, { journal: other }), /its results have another key/);
      return inodes.size;
    });
    assert.equal(result, 1);
    assert.ok(!existsSync(`${journal}.lock`));
    const broken = driven(async (workers) => {
      await workers.run("square", 9, { journal });
      throw new Error("the driver");
    });
    await assert.rejects(broken, /the driver/);
    assert.ok(!existsSync(`${journal}.lock`));
  });

  test("skips what imap, imapUnordered and mapReduce have finished", async () => {
    for (const form of ["imap", "imapUnordered"] as const) {
      const journal = newFile();
      const some = (most: number): ReturnType<typeof driven<number[]>> =>
        driven(async (workers) => {
          const results: number[] = [];
          for await (const result of workers[form]("square", [1, 2, 3, 4], { journal, lookAhead: 1 })) {
            if (results.push(result) === most) break;
          }
          return results;
        });
      assert.ok((await some(2)).done.length < 4);
      const { result, done } = await some(4);
      assert.deepEqual(result, [1, 4, 9, 16]);
      assert.ok(!done.includes(1) && !done.includes(2));
      const sums = driven((workers) => workers.mapReduce("square", [1, 2, 3, 4], sum, { journal }));
      assert.deepEqual(await sums, { result: 30, done: [] });
    }
  });
});
