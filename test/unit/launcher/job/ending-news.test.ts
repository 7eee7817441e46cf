import type { Ending } from "@tsmpi/core/bootstrap";
import { expect, it, onTestFinished, vi } from "vitest";
import { EndingNews } from "../../../../packages/launcher/src/job/ending-news.ts";
import { RankStates } from "../../../../packages/launcher/src/job/rank-states.ts";
import { type Station, Stations } from "../../../../packages/launcher/src/job/stations.ts";
import type { HostPlan, Order } from "../../../../packages/launcher/src/link/messages.ts";

type Ended = Extract<Order, { kind: "ended" }>;

/** A job of so many hosts with two ranks each, and the orders that each host's agent gets. */
function job(hosts: number): { ranks: RankStates; stations: Stations; news: EndingNews; got: Ended[][] } {
  const got = Array.from({ length: hosts }, (): Ended[] => []);
  const all = got.map(
    (orders, node): Station => ({
      channel: { send: (order) => orders.push(order as Ended), receive: () => {} },
      plan: { host: `n${node}`, ranks: [2 * node, 2 * node + 1] } as HostPlan,
      lost: () => {},
    }),
  );
  const stations = new Stations(all);
  const ranks = new RankStates(2 * hosts, stations);
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  return { ranks, stations, news: new EndingNews(ranks, stations), got };
}

function end(rank: number, { ranks, news }: ReturnType<typeof job>, sent?: Record<string, number>): void {
  const ending: Ending = { rank, host: "n", pid: 1, code: 0, signal: null };
  ranks.endings.set(rank, ending);
  news.tell(ending, sent);
}

const ranksIn = (orders: readonly Ended[]): number[] =>
  orders.flatMap(({ endings }) => endings.map((each) => each.ending.rank));

it("tells each agent in two orders of a hundred ranks that end together, in their order, and each rank once", () => {
  const own = job(200);
  const ended = Array.from({ length: 100 }, (_, index) => 2 * index);
  for (const rank of ended) end(rank, own);
  vi.advanceTimersByTime(1000);
  for (const orders of own.got) {
    expect(orders).toHaveLength(2);
    expect(ranksIn(orders)).toEqual(ended);
  }
});

it("tells of the first one at once, and of one that ends later too", () => {
  const own = job(200);
  end(0, own);
  expect(ranksIn(own.got[7]!)).toEqual([0]);
  vi.advanceTimersByTime(1000);
  end(2, own);
  expect(ranksIn(own.got[7]!)).toEqual([0, 2]);
});

it("waits for nothing in a job of few hosts", () => {
  const own = job(3);
  for (const rank of [0, 2, 3]) end(rank, own);
  expect(ranksIn(own.got[0]!)).toEqual([0, 2, 3]);
});

it("tells nothing to hosts whose ranks have all ended, and nothing to agents that have finished", () => {
  const own = job(3);
  own.stations.open.delete(own.stations.all[2]!);
  for (const rank of [0, 1, 2]) end(rank, own);
  expect(own.got.map(ranksIn)).toEqual([[0], [0, 1, 2], []]);
});

it("tells each host how many packets came to its own ranks, and nothing of those to others", () => {
  const own = job(3);
  end(0, own, { 1: 5, 2: 7, 3: 9, 4: 11 });
  end(5, own);
  expect(own.got[1]!.flatMap(({ endings }) => endings.map(({ sent }) => sent))).toEqual([{ 2: 7, 3: 9 }, undefined]);
});
