import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Communicator, createOp, MpiError, pool, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, expect, test } from "vitest";
import { optionNames } from "../../../../packages/core/src/calls/option-names.ts";

type Call = (world: Record<string, (...args: unknown[]) => Promise<unknown>>, options: unknown) => Promise<unknown>;

/** Every call that takes options, with arguments that are right. */
const calls: Record<string, Call> = {
  send: (world, options) => world["send"]!(1, options),
  recv: (world, options) => world["recv"]!(options),
  recvMessage: (world, options) => world["recvMessage"]!(options),
  probe: (world, options) => world["probe"]!(options),
  iprobe: (world, options) => world["iprobe"]!(options),
  messages: (world, options) => (world["messages"]!(options) as unknown as AsyncGenerator).next(),
  sendrecv: (world, options) => world["sendrecv"]!(1, options),
  barrier: (world, options) => world["barrier"]!(options),
  bcast: (world, options) => world["bcast"]!(1, options),
  scatter: (world, options) => world["scatter"]!([1, 2], options),
  gather: (world, options) => world["gather"]!(1, options),
  allgather: (world, options) => world["allgather"]!(1, options),
  alltoall: (world, options) => world["alltoall"]!([1, 2], options),
  reduce: (world, options) => world["reduce"]!(1, sum, options),
  allreduce: (world, options) => world["allreduce"]!(1, sum, options),
  reduceScatter: (world, options) => world["reduceScatter"]!([1, 2], sum, options),
  scan: (world, options) => world["scan"]!(1, sum, options),
  exscan: (world, options) => world["exscan"]!(1, sum, options),
  split: (world, options) => world["split"]!(0, options),
  dup: (world, options) => world["dup"]!(options),
  subset: (world, options) => world["subset"]!([0], options),
  cart: (world, options) => world["cart"]!([2], options),
  graph: (world, options) => world["graph"]!([0], options),
  intercomm: (world, options) => world["intercomm"]!(options),
  openFile: (world, options) => world["openFile"]!("none", options),
  checkpoints: (world, options) => world["checkpoints"]!("none", options),
  map: (world, options) => world["map"]!((x: number) => x, [1], options),
  window: (world, options) => world["window"]!(Float64Array, 1, options),
  counter: (world, options) => world["counter"]!(options),
  mutex: (world, options) => world["mutex"]!(options),
  splitShared: (world, options) => world["splitShared"]!(options),
  spawn: (world, options) => world["spawn"]!(1, "none.ts", options),
  sharedArray: (world, options) => world["sharedArray"]!(Float64Array, 1, options),
};

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => `resolved: ${String(value)}`,
    (error: unknown) => (error instanceof MpiError ? `${error.code} ${error.message}` : error),
  );

/** What each of two ranks is told, when both make the call. */
function told(call: Call, options: unknown): Promise<unknown[]> {
  return local(2, (world: Communicator) => rejection(call(world as never, options)));
}

describe("an option that a call does not know is refused", () => {
  test.each(Object.entries(calls))("%s", async (name, call) => {
    for (const text of await told(call, { bogus: 1 })) {
      expect(text).toMatch(
        new RegExp(`^invalid-argument \\[rank \\d/2 on local\\] ${name}\\(.*there is no option bogus; `),
      );
    }
  });

  test("of a grid, a graph and an intercommunicator", async () => {
    const bogus = { bogus: 1 } as object;
    await local(2, async (world) => {
      const unknown = /there is no option bogus; this call has (into, )?signal/;
      const grid = await world.cart([2]);
      await assert.rejects(grid.sub([true], bogus), unknown);
      await assert.rejects(grid.neighborAllgather(1, bogus), unknown);
      const graph = await world.graph([1 - world.rank]);
      await assert.rejects(graph.neighborAlltoall([1], bogus), unknown);
      const half = await world.split(world.rank);
      const other = await half.intercomm({ bridge: world, remoteLeader: 1 - world.rank });
      await assert.rejects(other.allgather(1, bogus), unknown);
      await assert.rejects(
        other.bcast(1, { root: world.rank === 0 ? "here" : 0, int: 1 } as never),
        /did you mean into\?/,
      );
      await assert.rejects(other.merge({ high: world.rank === 0, heigh: 1 } as never), /did you mean high\?/);
    });
  });

  test("of a window and a mutex", async () => {
    const bogus = { target: 0, bogus: 1 } as never;
    await local(2, async (world) => {
      const unknown = /there is no option bogus; this call has .*signal/;
      const window = await world.window(Int32Array, 1);
      const one = Int32Array.of(1);
      await assert.rejects(window.get(bogus), unknown);
      await assert.rejects(window.put(one, bogus), unknown);
      await assert.rejects(window.accumulate(one, sum, bogus), unknown);
      await assert.rejects(window.getAccumulate(one, sum, bogus), unknown);
      await assert.rejects(window.fetchAndOp(1, sum, bogus), unknown);
      await assert.rejects(window.compareAndSwap({ expected: 0, replacement: 1 }, bogus), unknown);
      await assert.rejects(window.flush(bogus), unknown);
      await assert.rejects(window.fence(bogus), /there is no option target/);
      await assert.rejects(window.lock(bogus), unknown);
      await assert.rejects(window.get({ target: 0, offest: 1, count: 1 } as never), /did you mean offset\?/);
      await window.close();
      const mutex = await world.mutex();
      await assert.rejects(mutex.lock({ bogus: 1 } as never), unknown);
      await mutex.close();
    });
  });

  test("of what a pool's driver asks for", async () => {
    const bogus = { bogus: 1 } as object;
    const task = (x: number): number => x;
    await local(2, (world) =>
      pool(world, { task }, async (workers) => {
        const unknown = /there is no option bogus; this call has .*signal/;
        await assert.rejects(workers.run("task", 1, bogus), unknown);
        await assert.rejects(workers.map("task", [1], bogus), unknown);
        await assert.rejects(workers.imap("task", [1], bogus).next(), unknown);
        await assert.rejects(workers.imapUnordered("task", [1], bogus).next(), unknown);
        await assert.rejects(workers.mapReduce("task", [1], sum, bogus), unknown);
        assert.equal(await workers.run("task", 1), 1);
      }),
    );
    await assert.rejects(
      local(1, (world) => pool(world, { task }, () => 1, bogus)),
      /there is no option bogus/,
    );
  });

  test("of a file", async () => {
    await local(2, async (world) => {
      const file = await world.openFile("/dev/null", { flags: "w+" });
      const wrong = { offset: 0, ofset: 1 } as never;
      const into = new Uint8Array(0);
      for (const call of [
        () => file.writeAt("", wrong),
        () => file.writeAtAll("", wrong),
        () => file.readAt({ ...(wrong as object), into } as never),
        () => file.readAtAll({ ...(wrong as object), into } as never),
        () => file.writeOrdered("", { ofset: 1 } as never),
        () => file.readOrdered({ into, ofset: 1 } as never),
        () => file.truncate(0, { ofset: 1 } as never),
        () => file.sync({ ofset: 1 } as never),
      ]) {
        await assert.rejects(call(), /null\.\w+\(\).*: there is no option ofset; /);
      }
      await file.close();
    });
  });

  test("of a store of checkpoints", async () => {
    const path = mkdtempSync(join(tmpdir(), "tsmpi-checkpoints-"));
    await local(2, async (world) => {
      const store = await world.checkpoints(path);
      const wrong = { bogus: 1 } as object;
      await assert.rejects(store.save(1, 1, wrong), /\.save\(\).*: there is no option bogus; this call has signal/);
      await assert.rejects(store.load(wrong), /\.load\(\).*: there is no option bogus; this call has into, signal/);
      await assert.rejects(store.loadParts(wrong), /\.loadParts\(\).*: there is no option bogus/);
    });
    rmSync(path, { recursive: true });
  });

  test("of createOp and local", async () => {
    assert.throws(() => createOp((a: number) => a, { commute: true } as object), /did you mean commutative\?/);
    await assert.rejects(async () => local(2, () => 1, { sead: 7 } as object), /did you mean seed\?/);
  });
});

test.each([
  ["recv", { src: 1 }, "there is no option src; did you mean source?"],
  ["send", { dest: 1, tagg: 5 }, "there is no option tagg; did you mean tag?"],
  ["bcast", { rot: 1 }, "there is no option rot; did you mean root?"],
  ["recv", { out: new Float64Array(1) }, "there is no option out; did you mean into?"],
  [
    "recv",
    { source: 0, tag: 1, bytes: 3 },
    "a status is no options; to receive the message that was probed give { probed: status }",
  ],
  ["allreduce", { root: 0 }, "there is no option root; this call has into, deterministic, signal"],
  ["recv", { dest: 0 }, "there is no option dest; this call has source, tag, into, probed, signal"],
  ["send", { source: 0, tag: 1 }, "there is no option source; this call has dest, tag, sync, signal"],
  ["recv", 3, "the options are 3, but they are an object, such as { dest: 1, tag: 7 } or { root: 2 }"],
])("%s(%o): %s", async (name, options, sentence) => {
  for (const text of await told(calls[name] as Call, options)) expect(text).toContain(sentence);
});

test("abort and shift name their options: the old forms are refused with the new ones", async () => {
  await local(2, async (world) => {
    const abort = world.abort.bind(world) as (...args: unknown[]) => Promise<never>;
    await assert.rejects(abort(3, "enough"), /abort\(3\): give abort\(\{ code: 1, reason: "why" \}\)/);
    await assert.rejects(abort({ errorcode: 3 }), /did you mean code\?/);
    const grid = await world.cart([2]);
    const shift = grid.shift.bind(grid) as (...args: unknown[]) => unknown;
    assert.throws(
      () => shift(0, 1),
      /shift\(0\): give shift\(\{ dimension: 0 \}\) or shift\(\{ dimension: 0, by: 1 \}\)/,
    );
    assert.throws(() => shift({ dimension: 0, displacement: 1 }), /did you mean by\?/);
    assert.throws(() => shift({}), /dimension is undefined/);
  });
});

test("a pair of source and dest, as shift() gives it, serves a send and a receive", async () => {
  await local(2, async (world) => {
    const pair = { source: 1 - world.rank, dest: 1 - world.rank, tag: 3 };
    await world.send(world.rank, pair);
    assert.equal(await world.recv(pair), 1 - world.rank);
  });
});

test("the page of calls lists every option", () => {
  const page = readFileSync(new URL("../../../../docs/calls.md", import.meta.url), "utf8");
  const rows = Object.fromEntries(
    [...page.matchAll(/^\| `(.+?)` \| (.*?) \|/gm)].map(([, call, names]) => [
      call,
      [...(names ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name),
    ]),
  );
  const shown = (call: string): string =>
    call
      .replace(/^inter([A-Z])/, (_, first: string) => `other.${first.toLowerCase()}`)
      .replace(/^(run|starmap|mapReduce)$/, "workers.$1")
      .replace(/^((?:read|write)(?:At|AtAll|Ordered)|size|truncate|sync|close)$/, "file.$1")
      .replace(/^(get|put|accumulate|getAccumulate|fetchAndOp|compareAndSwap|flush|fence)$/, "window.$1")
      .replace(/^(save|load|loadParts)$/, "store.$1")
      .replace(/^(window|mutex)Lock$/, "$1.lock")
      .replace(
        /^pool(Map|Imap|ImapUnordered)$/,
        (_, form: string) => `workers.${form[0]?.toLowerCase()}${form.slice(1)}`,
      );
  for (const [call, names] of Object.entries(optionNames)) assert.deepEqual(rows[shown(call)], [...names], call);
  assert.equal(Object.keys(rows).length, Object.keys(optionNames).length);
});
