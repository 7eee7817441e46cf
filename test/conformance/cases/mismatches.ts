import { strict as assert } from "node:assert";
import { type Communicator, max, sum } from "tsmpi";
import type { Case } from "../case.ts";
import { mpiError } from "./expected-error.ts";
import { ranks } from "./ring.ts";

export const cases: Case[] = [
  {
    name: "positional arguments, as other systems have them, are refused by name instead of meaning something else",
    async program(world) {
      const loose = world as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const mine = new Float64Array(2);
      const mistakes: [string, unknown[], RegExp][] = [
        ["recv", [3], /recv\(\).*: the options are 3, but they are an object/],
        ["recv", [null], /the options are null/],
        ["recv", [mine], /the options are a Float64Array/],
        ["probe", [0], /the options are 0/],
        ["send", [1], /send\(\).*: the options are undefined/],
        ["send", [1, 2], /the options are 2/],
        ["sendrecv", [1, 2, 3], /the options are 2/],
        ["recv", [{ signal: "soon" }], /signal is "soon", but it is an AbortSignal/],
        ["recv", [{ into: [1, 2] }], /`into` is an array of 2, but it is a typed array/],
        ["bcast", [1, 2], /bcast\(\).*: the options are 2/],
        ["gather", [mine, new Float64Array(2)], /the options are a Float64Array/],
        ["reduce", [1, sum, 0], /the options are 0/],
        ["gather", [1, { root: null }], /root is null/],
        ["barrier", [{ signal: null }], /signal is null/],
        ["split", [0, 5], /the options are 5/],
        ["cart", [4], /dims is 4, but it is an array of extents/],
        ["cart", [[world.size], [true]], /the options are an array of 1/],
        ["graph", [1], /neighbours are an array of ranks, not 1/],
        ["subset", [1], /ranks is 1, but it is a list of ranks or a group/],
        ["intercomm", [{ remoteLeader: 0 }], /bridge is undefined, but it is a communicator/],
      ];
      for (const [method, args, message] of mistakes) {
        await assert.rejects(async () => loose[method]?.(...args), mpiError("invalid-argument", message));
      }
      assert.equal(await world.iprobe(), undefined);
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "options that make no sense on one rank fail the collective on all",
    from: 2,
    async program(world) {
      const wrong = world.rank === 1 ? ({ signal: "soon" } as unknown as { signal: AbortSignal }) : {};
      await assert.rejects(world.allreduce(1, sum, wrong), mpiError("invalid-argument", /signal is "soon"/));
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "roots that differ are told, on every rank, at once or by one of its next calls",
    heavy: true,
    from: 2,
    async program(world) {
      const root = world.rank === 0 ? 0 : 1;
      const mistakes: ((comm: Communicator) => Promise<unknown>)[] = [
        (comm) => comm.gather(1, { root }),
        (comm) => comm.reduce(1, sum, { root }),
        (comm) => comm.bcast(1, { root }),
        (comm) => comm.scatter(ranks(comm), { root }),
      ];
      for (const mistake of mistakes) {
        const comm = await world.dup();
        // A message between two ranks may be late, and tells of itself then: barriers do not wait for it.
        const told = async (): Promise<void> => {
          await mistake(comm);
          for (let i = 0; i < 5; i++) await comm.barrier();
        };
        await assert.rejects(told, mpiError("mismatch", /in \w+\(\{ root: [01] \}\)( at \S+:\d+)? instead/));
      }
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "ranks that combine with different operations are told so, at once or by one of their next calls",
    from: 2,
    async program(world) {
      const op = world.rank === 0 ? sum : max;
      const own = world.rank === 0 ? sum : (a: number, b: number): number => a + b;
      const mistakes: ((comm: Communicator) => Promise<unknown>)[] = [
        (comm) => comm.reduce(1, op),
        (comm) => comm.allreduce(1, op),
        (comm) => comm.allreduce(new Float64Array(100_000), op),
        (comm) => comm.reduceScatter(ranks(comm), op),
        (comm) => comm.scan(1, op),
        (comm) => comm.exscan(1, op),
        (comm) => comm.allreduce(1, own),
      ];
      for (const mistake of mistakes) {
        const comm = await world.dup();
        const told = async (): Promise<void> => {
          await mistake(comm);
          for (let i = 0; i < 5; i++) await comm.barrier();
        };
        const message = /combines with (sum|max|a function).*, this one with (sum|max|a function); all ranks must/;
        await assert.rejects(told, mpiError("mismatch", message));
      }
      assert.equal(await world.allreduce(1, sum), world.size);
    },
  },
  {
    name: "a rank that has no array where the others' go into one is told so, and so are they",
    async program(world) {
      const into = new Float64Array(30_000 * world.size);
      for (const usual of [new Float64Array(3), new Float64Array(30_000)]) {
        await using apart = await world.dup();
        const mine = world.rank === world.size - 1 ? (undefined as unknown as Float64Array) : usual.fill(1);
        await assert.rejects(apart.allgather(mine, { into }), mpiError("mismatch", /not a typed array/));
      }
    },
  },
  {
    name: "scatter with the wrong number of parts is an error on every rank, naming both numbers",
    async program(world) {
      const parts = Array.from({ length: world.size + 1 }, (_, i) => i);
      const why = new RegExp(`${world.size + 1}.*${world.size}|${world.size}.*${world.size + 1}`);
      await assert.rejects(
        world.scatter(() => parts),
        mpiError("invalid-argument", why),
      );
      await assert.rejects(
        world.scatter(() => 5 as unknown as number[]),
        mpiError("invalid-argument"),
      );
      assert.equal(await world.scatter(() => ranks(world)), world.rank, "the communicator is still good");
    },
  },
  {
    name: "a root out of range is refused on every rank",
    async program(world) {
      await assert.rejects(world.bcast(1, { root: world.size }), mpiError("invalid-argument", /root is/));
      await assert.rejects(world.gather(1, { root: -1 }), mpiError("invalid-argument", /root is -1/));
    },
  },
  {
    name: "ranks that call different collectives are told so, all of them, then and from then on",
    from: 2,
    async program(world) {
      const mistaken = world.rank === 0 ? world.barrier() : world.allreduce(1, sum);
      await assert.rejects(mistaken, mpiError("mismatch", /(barrier|allreduce)\(\)/));
      await assert.rejects(world.allreduce(1, sum), mpiError("mismatch", /have been in different collectives/));
    },
  },
  {
    name: "arrays of different lengths cannot be reduced, which all ranks are told",
    from: 2,
    async program(world) {
      const mine = new Float64Array(world.rank === 1 ? 3 : 2);
      await assert.rejects(world.allreduce(mine, sum), mpiError("mismatch", /2.*3|3.*2/));
      assert.equal(await world.allreduce(1, sum), world.size, "the communicator is still good");
    },
  },
  {
    name: "a value that cannot travel fails the collective on every rank, with its path",
    from: 2,
    async program(world) {
      const mine = world.rank === world.size - 1 ? { f: () => 1 } : {};
      await assert.rejects(world.allgather(mine), mpiError("unserializable", /\.f is a function/));
    },
  },
  {
    name: "a collective that one rank cancels is cancelled for all who wait in it",
    from: 2,
    async program(world) {
      const cancel = new AbortController();
      if (world.rank === 1) {
        // It comes when all is over.
        for (let rank = 0; rank < world.size; rank++) if (rank !== 1) await world.recv({ source: rank });
        await assert.rejects(world.barrier(), mpiError("aborted", /changed my mind/));
        assert.equal(await world.allreduce(1, sum), world.size, "the communicator is still good");
        return;
      }
      const pending = world.barrier(world.rank === 0 ? { signal: cancel.signal } : {});
      if (world.rank === 0) setTimeout(() => cancel.abort(new Error("changed my mind")), 5);
      await assert.rejects(pending, mpiError("aborted", /changed my mind/));
      await world.send("rejected", { dest: 1 });
      assert.equal(await world.allreduce(1, sum), world.size, "the communicator is still good");
    },
  },
];
