import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Communicator, MpiError, sum } from "tsmpi";
import { local } from "tsmpi/testing";
import { describe, test } from "vitest";

interface Signal {
  signal?: AbortSignal;
}

/** Calls of rank 0 that wait for rank 1, which makes none of them. */
const calls: Record<string, (world: Communicator, options: Signal) => Promise<unknown>> = {
  recv: async (world, options) => await world.recv({ source: 1, ...options }),
  "recv from any": async (world, options) => await world.recv(options),
  recvMessage: async (world, options) => await world.recvMessage({ source: 1, ...options }),
  probe: async (world, options) => await world.probe({ source: 1, ...options }),
  send: async (world, options) => await world.send(1, { dest: 1, sync: true, ...options }),
  "send of a large array": async (world, options) => await world.send(new Float64Array(1e6), { dest: 1, ...options }),
  sendrecv: async (world, options) => await world.sendrecv(1, { dest: 1, source: 1, ...options }),
  messages: async (world, options) => {
    for await (const _ of world.messages({ source: 1, ...options }));
  },
  barrier: async (world, options) => await world.barrier(options),
  bcast: async (world, options) => await world.bcast(1, { root: 1, ...options }),
  gather: async (world, options) => await world.gather(1, options),
  alltoall: async (world, options) => await world.alltoall([1, 2], options),
  allreduce: async (world, options) => await world.allreduce(1, sum, options),
  "allreduce with a function": async (world, options) => await world.allreduce(1, (a, b) => a + b, options),
  split: async (world, options) => await world.split(1, options),
  graph: async (world, options) => await world.graph([], options),
  map: async (world, options) => await world.map((x: number) => x, [1, 2], options),
};

/** So many calls before that no stack is taken at the last one: a stack costs more than a call. */
const many = 150;

/** What rank 0 gets, whose call waits until rank 1 fails, or until its signal aborts. */
async function errorOf(call: (world: Communicator) => Promise<unknown>): Promise<unknown> {
  let error: unknown;
  await local(2, async (world) => {
    const peer = 1 - world.rank;
    for (let i = 0; i < many; i++) await world.sendrecv(i, { dest: peer, source: peer });
    for (let i = 0; i < many; i++) await world.barrier();
    if (world.rank === 1) {
      await sleep(20);
      throw new Error("gone");
    }
    error = await call(world).catch((thrown: unknown) => thrown);
  }).catch(() => {});
  return error;
}

describe("an error that comes later than the call names the user's line, also in a loop of many calls", () => {
  test.each(Object.entries(calls))("%s", async (_, call) => {
    const late = (): Signal => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error("enough")), 5);
      return { signal: stop.signal };
    };
    for (const options of [() => ({}), late, () => ({ signal: AbortSignal.abort(new Error("enough")) })]) {
      const error = await errorOf((world) => call(world, options()));
      assert.ok(error instanceof MpiError, String(error));
      assert.match(error.message, /^\[rank 0\/2 on local\] \w+\(.*\) at \S*late-errors\.test\.ts:\d+: /);
    }
  });
});
