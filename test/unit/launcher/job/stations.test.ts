import { expect, it } from "vitest";
import { type Station, Stations } from "../../../../packages/launcher/src/job/stations.ts";
import type { HostPlan } from "../../../../packages/launcher/src/link/messages.ts";

it("makes the bytes of an order once for all agents, and only when one needs them", () => {
  const bytes: Uint8Array[][] = [];
  const order = {
    kind: "table" as const,
    get peers(): [] {
      reads++;
      return [];
    },
  };
  let reads = 0;
  const stationOf = (encodes: boolean, node: number): Station => ({
    channel: { send: (_, encoded) => void (encodes && bytes.push(encoded!())), receive: () => {} },
    plan: { ranks: [node] } as HostPlan,
    lost: () => {},
  });
  new Stations([false, false].map(stationOf)).order(order);
  expect(reads).toBe(0);
  new Stations([true, true, true].map(stationOf)).order(order);
  expect(bytes).toHaveLength(3);
  expect(new Set(bytes).size).toBe(1);
});

it("gives out plans one by one, with turns of the event loop for heartbeats in between", async () => {
  const log: string[] = [];
  const all = [0, 1, 2].map(
    (node): Station => ({
      channel: { send: ({ kind }) => log.push(`${kind} ${node}`), receive: () => {} },
      plan: { ranks: [node] } as HostPlan,
      lost: () => {},
    }),
  );
  setImmediate(() => log.push("turn"));
  await new Stations(all).start();
  expect(log).toEqual(["start 0", "turn", "start 1", "start 2"]);
});

it("gives an agent its plan before any order, also while it gives out plans", async () => {
  const log: string[] = [];
  const all = [0, 1, 2].map(
    (node): Station => ({
      channel: { send: ({ kind }) => log.push(`${kind} ${node}`), receive: () => {} },
      plan: { ranks: [node] } as HostPlan,
      lost: () => {},
    }),
  );
  const stations = new Stations(all);
  const started = stations.start();
  stations.order({ kind: "kill" });
  await started;
  expect(log).toEqual(["start 0", "kill 0", "start 1", "kill 1", "start 2", "kill 2"]);
});
