import { afterEach, expect, test } from "vitest";
import { algorithmsOf, type Operation } from "../../../../packages/core/src/collectives/algorithms/choose.ts";
import * as collectives from "../../../../packages/core/src/collectives/algorithms/index.ts";
import {
  type Neighborhood,
  neighborAllgather,
  neighborAlltoall,
} from "../../../../packages/core/src/collectives/algorithms/neighborhood.ts";
import { sum } from "../../../../packages/core/src/ops/op.ts";
import { byteLength, type Parcel } from "../../../../packages/core/src/wire/codec/codec.ts";
import type { Peers } from "../../../../packages/core/src/wire/peers.ts";
import { simulate } from "../../../support/simulated-peers.ts";
import {
  type Cost,
  k,
  largest,
  log2,
  type Promised,
  part,
  promised,
  range,
  sizes,
  times,
  value,
} from "./promised-costs.ts";

/** What one rank sends that hears the same from everybody. */
async function costOfOne(
  rank: number,
  size: number,
  run: (peers: Peers) => Promise<unknown>,
  hears: Parcel,
): Promise<Cost> {
  const sent = times(0, 0);
  const send = async (_: number, parcel: Parcel): Promise<void> => {
    sent.messages++;
    sent.bytes += byteLength(parcel);
  };
  await run({
    rank,
    size,
    hosts: new Array<number>(size).fill(0),
    send,
    recv: async () => hears,
    take: async (_, use) => use(hears),
  });
  return sent;
}

afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("TSMPI_")) delete process.env[name];
});

for (const [operation, algorithms] of Object.entries(promised) as [Operation, Record<string, Promised>][]) {
  const variable = `TSMPI_${operation.replace(/[A-Z]/g, "_$&").toUpperCase()}`;

  test(`every algorithm of ${operation} has a promised cost`, () => {
    expect(Object.keys(algorithms)).toEqual(algorithmsOf(operation));
  });

  test.each(Object.keys(algorithms))(
    `${operation} by %s sends as many messages and bytes as it promises`,
    async (name) => {
      process.env[variable] = name;
      const { run, cost, upTo = largest, perHost, hears } = algorithms[name] as Promised;
      for (const p of sizes) {
        if ((p > upTo && p < largest) || (perHost !== undefined && (p <= perHost || p % perHost !== 0))) continue;
        if (p > upTo && hears !== undefined) {
          for (const rank of [0, 1, largest - 2, largest - 1]) {
            expect(await costOfOne(rank, p, run, hears), `rank ${rank} of ${p}`).toEqual(cost(rank, p));
          }
          continue;
        }
        const hosts = range(p).map((rank) => (perHost === undefined ? 0 : Math.floor(rank / perHost)));
        const { outcomes, traffic } = await simulate(p, run, { hosts, copies: false });
        for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
        const sent = traffic.map(({ messages, bytes }) => ({ messages, bytes }));
        expect(sent, `${p} ranks`).toEqual(range(p).map((rank) => cost(rank, p)));
      }
    },
    120_000,
  );

  const timed = Object.keys(algorithms).filter((name) => algorithms[name]?.steps !== undefined);
  test.each(timed)(`${operation} by %s takes as many steps as it promises`, async (name) => {
    process.env[variable] = name;
    const { run, alone = run, steps, upTo = largest, perHost } = algorithms[name] as Promised;
    for (const p of sizes.filter((size) => size <= Math.min(upTo, 128))) {
      if (perHost !== undefined && (p <= perHost || p % perHost !== 0)) continue;
      const expected = steps?.(p);
      if (expected === undefined) continue;
      const hosts = range(p).map((rank) => (perHost === undefined ? 0 : Math.floor(rank / perHost)));
      const simulated = await simulate(p, alone, { hosts, copies: false, timed: true });
      expect(simulated.steps, `${p} ranks`).toBe(expected);
    }
  });
}

test("neighbours exchange one message along each edge, all at once", async () => {
  for (const p of sizes.filter((size) => size <= 128)) {
    const around = (rank: number): Neighborhood => {
      const ranks = [1, 2, 5].map((distance) => (rank + distance) % p).filter((other) => other !== rank);
      const sources = [1, 2, 5].map((distance) => (rank + 5 * p - distance) % p).filter((other) => other !== rank);
      return {
        destinations: [...ranks, null],
        sources: [null, ...sources],
        order: range(sources.length + 1),
      };
    };
    for (const run of [
      (peers: Peers) => neighborAllgather(peers, part, around(peers.rank)),
      (peers: Peers) =>
        neighborAlltoall(peers, Array(around(peers.rank).destinations.length).fill(part), around(peers.rank)),
    ]) {
      const { traffic, steps } = await simulate<unknown>(p, run, { copies: false, timed: true });
      const edges = (rank: number): number => around(rank).destinations.length - 1;
      expect(traffic.map(({ messages, bytes }) => ({ messages, bytes }))).toEqual(
        range(p).map((rank) => times(edges(rank), value(k))),
      );
      expect(steps).toBe(edges(0));
    }
  }
});

const large = 50_000;

test("a part too large to ride along is sent once, straight to its rank", async () => {
  for (const p of [8, 17]) {
    const parts = new Array<Uint8Array>(p).fill(new Uint8Array(large));
    for (const [variable, run] of [
      ["TSMPI_GATHER=binomial", (peers: Peers) => collectives.gather(peers, new Uint8Array(large), 0)],
      ["TSMPI_SCATTER=binomial", (peers: Peers) => collectives.scatter(peers, parts, 0)],
      ["TSMPI_ALLTOALL=bruck", (peers: Peers) => collectives.alltoall(peers, parts)],
    ] as const) {
      const [name, algorithm] = variable.split("=") as [string, string];
      process.env[name] = algorithm;
      const { traffic } = await simulate<unknown>(p, run, { copies: false });
      const sent = traffic.reduce((all, { payload }) => all + payload, 0);
      expect(sent).toBe(large * (name === "TSMPI_ALLTOALL" ? p * (p - 1) : p - 1));
    }
  }
});

test("a user's function costs reduce one empty message more to each rank, and allreduce none", async () => {
  for (const p of [2, 7, 64]) {
    const add = (a: number, b: number): number => a + b;
    const reduced = await simulate(p, (peers) => collectives.reduce(peers, 1, add, 0));
    const allreduced = await simulate(p, (peers) => collectives.allreduce(peers, 1, add));
    const messages = ({ traffic }: { traffic: Cost[] }): number => traffic.reduce((all, one) => all + one.messages, 0);
    expect(messages(reduced)).toBe(2 * (p - 1));
    expect(messages(allreduced)).toBe(2 * (p - 1));
  }
});

test("between hosts, two levels send the data of a host once", async () => {
  const [p, perHost] = [64, 8];
  const hosts = range(p).map((rank) => Math.floor(rank / perHost));
  const crossing = async (run: (peers: Peers) => Promise<unknown>): Promise<number> => {
    let messages = 0;
    await simulate(
      p,
      (peers) => {
        const send: Peers["send"] = (dest, parcel) => {
          if (hosts[dest] !== hosts[peers.rank]) messages++;
          return peers.send(dest, parcel);
        };
        return run({ ...peers, send });
      },
      { hosts },
    );
    return messages;
  };
  const between = p / perHost;
  expect(await crossing((peers) => collectives.bcast(peers, 1, 0))).toBe(between - 1);
  expect(await crossing((peers) => collectives.reduce(peers, 1, sum, 5))).toBe(between - 1);
  expect(await crossing((peers) => collectives.allreduce(peers, 1, sum))).toBe(between * log2(between));
  expect(await crossing((peers) => collectives.barrier(peers))).toBe(between * log2(between));
  expect(await crossing((peers) => collectives.allgather(peers, 1))).toBe(between * log2(between));
});
