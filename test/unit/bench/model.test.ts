import { expect, test } from "vitest";
import { type Model, modelled } from "../../../bench/virtual-peers.ts";
import * as collectives from "../../../packages/core/src/collectives/algorithms/index.ts";
import { sum } from "../../../packages/core/src/ops/op.ts";
import { encode } from "../../../packages/core/src/wire/codec/codec.ts";
import type { Peers } from "../../../packages/core/src/wire/peers.ts";

const link = { L: 10, o: 2, g: 1, G: 0 };
const model: Model = { within: link, between: { L: 100, o: 5, g: 1, G: 0 }, perHost: 4 };
const one = encode(null);

test("a message takes o + L + o", async () => {
  const run = async ({ rank, send, recv }: Peers): Promise<unknown> => (rank === 0 ? send(1, one) : recv(0));
  expect(await modelled(2, run, model)).toEqual({ messages: 1, bytes: 1, us: 14 });
});

test("G counts for each byte, in nanoseconds, and delays what follows on the same link", async () => {
  const bytes = encode(new Uint8Array(9999)); // and a byte of form
  const slow: Model = { ...model, within: { ...link, G: 3 } };
  const run = async ({ rank, send, recv }: Peers): Promise<void> => {
    for (let i = 0; i < 2; i++) await (rank === 0 ? send(1, bytes) : recv(0));
  };
  expect((await modelled(2, run, slow)).us).toBeCloseTo(2 + 30 + 30 + 10 + 2);
});

test("ranks of a host share its link to the others", async () => {
  const busy: Model = { ...model, between: { L: 100, o: 0, g: 50, G: 0 } };
  const run = async ({ rank, send, recv }: Peers): Promise<unknown> =>
    rank < 4 ? send(rank + 4, one) : recv(rank - 4);
  expect((await modelled(8, run, busy)).us).toBe(3 * 50 + 100);
});

test("a binomial broadcast and a dissemination barrier take lg p messages", async () => {
  const near: Model = { ...model, within: { L: 10, o: 0, g: 0, G: 0 }, perHost: 64 };
  const bcast = await modelled(64, (peers) => collectives.bcast(peers, 1, 0), near);
  expect(bcast).toMatchObject({ messages: 63, us: 60 });
  process.env["TSMPI_BARRIER"] = "dissemination";
  try {
    const barrier = await modelled(16, (peers) => collectives.barrier(peers), near);
    expect(barrier).toMatchObject({ messages: 16 * 4, us: 40 });
  } finally {
    delete process.env["TSMPI_BARRIER"];
  }
});

test("results are those of a real world, in one of 1024 ranks too", async () => {
  const run = async (peers: Peers): Promise<void> => {
    expect(await collectives.allreduce(peers, peers.rank, sum)).toBe((1023 * 1024) / 2);
  };
  expect((await modelled(1024, run, model)).us).toBeGreaterThan(200);
});

test("ranks that wait for each other are an error", async () => {
  await expect(modelled(2, ({ rank, recv }) => recv(1 - rank), model)).rejects.toThrow("all ranks wait");
});
