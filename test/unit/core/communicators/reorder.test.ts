import { local } from "tsmpi/testing";
import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../../packages/core/src/calls/random.ts";
import { Grid } from "../../../../packages/core/src/communicators/cartesian.ts";
import { graphOrder, graphPairs } from "../../../../packages/core/src/communicators/graph-order.ts";
import { gridOrder, gridPairs } from "../../../../packages/core/src/communicators/grid-order.ts";
import { pairsBetweenHosts } from "../../../../packages/core/src/communicators/host-order.ts";
import { readPage } from "../../../docs/rows.ts";

/** Hosts with these numbers of ranks, one after the other. */
const filled = (...ranks: number[]): string[] => ranks.flatMap((count, host) => Array<string>(count).fill(`n${host}`));
/** The same, ranks going round the hosts. */
const around = (size: number, hosts: number): string[] => Array.from({ length: size }, (_, rank) => `n${rank % hosts}`);
const permutes = (order: readonly number[]): boolean =>
  [...order].sort((a, b) => a - b).every((rank, at) => rank === at);

function ofGrid(
  extents: readonly number[],
  periodic: boolean,
  hosts: readonly string[],
): [before: number, after: number] {
  const grid = new Grid(extents, periodic);
  const order = gridOrder(grid, hosts);
  expect(permutes(order)).toBe(true);
  const pairs = gridPairs(grid);
  return [
    pairsBetweenHosts(pairs, hosts),
    pairsBetweenHosts(
      pairs,
      order.map((rank) => hosts[rank]),
    ),
  ];
}

function ofGraph(edges: readonly (readonly number[])[], hosts: readonly string[]): [before: number, after: number] {
  const lists = edges.map((destinations) => ({ destinations, sources: undefined }));
  const order = graphOrder(lists, hosts);
  expect(permutes(order)).toBe(true);
  const pairs = graphPairs(lists);
  return [
    pairsBetweenHosts(pairs, hosts),
    pairsBetweenHosts(
      pairs,
      order.map((rank) => hosts[rank]),
    ),
  ];
}

describe("a grid with reorder", () => {
  it("has fewer pairs of neighbors between hosts", () => {
    expect(ofGrid([4, 4], false, filled(4, 4, 4, 4))).toEqual([12, 8]);
    expect(ofGrid([8, 8], false, around(64, 4))).toEqual([56, 16]);
    expect(ofGrid([6], true, around(6, 2))).toEqual([6, 2]);
  });

  it("stays as it is where no other order is better, and where there is one host", () => {
    const grid = new Grid([4, 4], false);
    const identity = Array.from({ length: 16 }, (_, rank) => rank);
    expect(gridOrder(grid, filled(16))).toEqual(identity);
    expect(gridOrder(new Grid([16], false), filled(4, 4, 4, 4))).toEqual(identity);
  });

  it("suits hosts with different numbers of ranks, and numbers that do not fit into blocks", () => {
    for (const [extents, hosts] of [
      [[6, 6], around(36, 5)],
      [[5, 7], around(35, 3)],
      [[3, 4, 5], around(60, 7)],
    ] as const) {
      const [before, after] = ofGrid(extents, true, hosts);
      expect(after).toBeLessThan(before);
    }
  });

  it("leaves a rank its number where its host has that place", () => {
    const hosts = filled(4, 4, 4, 4);
    const order = gridOrder(new Grid([4, 4], false), hosts);
    const staying = order.filter((rank, place) => hosts[rank] === hosts[place]);
    expect(staying.length).toBeGreaterThan(0);
    for (const [place, rank] of order.entries()) if (hosts[rank] === hosts[place]) expect(rank).toBe(place);
  });
});

describe("a graph with reorder", () => {
  it("puts groups that talk to each other on one host each", () => {
    // Four cliques whose members are four ranks apart, as in a job that goes round the hosts.
    const cliques = Array.from({ length: 16 }, (_, rank) => [1, 2, 3].map((step) => (rank + 4 * step) % 16));
    expect(ofGraph(cliques, filled(4, 4, 4, 4))).toEqual([48, 0]);
  });

  it("cuts a ring twice for two hosts", () => {
    const ring = Array.from({ length: 10 }, (_, rank) => [(rank + 3) % 10]); // 0 3 6 9 2 5 8 1 4 7
    expect(ofGraph(ring, filled(5, 5))[1]).toBe(2);
  });

  it("is never worse, whatever the graph", () => {
    const random = randomFrom(7);
    for (let round = 0; round < 30; round++) {
      const size = 2 + Math.floor(random() * 30);
      const edges = Array.from({ length: size }, () =>
        Array.from({ length: Math.floor(random() * 5) }, () => Math.floor(random() * size)),
      );
      const [before, after] = ofGraph(edges, around(size, 1 + Math.floor(random() * 4)));
      expect(after).toBeLessThanOrEqual(before);
    }
  });
});

describe("in a world on several hosts", () => {
  it("a grid's neighbors exchange the same values, fewer of them between hosts", async () => {
    const between = await local(
      16,
      async (world) => {
        const counts: number[] = [];
        for (const reorder of [false, true]) {
          const grid = await world.cart([4, 4], { reorder });
          const got = await grid.neighborAlltoall(grid.neighbors.map((to) => [grid.rank, to]));
          expect(got).toEqual(grid.neighbors.map((from) => (from === null ? undefined : [from, grid.rank])));
          expect(grid.rankOf(grid.coords())).toBe(grid.rank);
          const hosts = await grid.neighborAllgather(world.host);
          counts.push(hosts.filter((host) => host !== undefined && host !== world.host).length);
        }
        return counts;
      },
      { ranksPerHost: 4 },
    );
    const sum = (index: number): number => between.reduce((total, counts) => total + counts[index]!, 0);
    expect([sum(0), sum(1)]).toEqual([24, 16]);
  });

  it("a graph's ranks get the neighbors of their new place", async () => {
    const edges = (rank: number): number[] => [(rank + 2) % 8, (rank + 6) % 8];
    await local(
      8,
      async (world) => {
        const graph = await world.graph(edges(world.rank), { reorder: true });
        expect(graph.destinations).toEqual(edges(graph.rank));
        expect(await graph.neighborAllgather(graph.rank)).toEqual(graph.sources);
        expect(new Set(await graph.neighborAllgather(world.host))).toEqual(new Set([world.host]));
      },
      { ranksPerHost: 4 },
    );
  });

  it("ranks have to agree on it", async () => {
    const differ = local(2, (world) => world.cart([2], { reorder: world.rank === 0 }));
    await expect(differ).rejects.toThrow(/rank 0 says dims \[2\], periodic \[false\], reorder, rank 1 says/);
    await expect(local(1, (world) => world.graph([], { reorder: 1 as never }))).rejects.toThrow("reorder is 1");
  });
});

it("docs/placement.md has the bytes between hosts before and after", () => {
  const [, table = ""] = readPage("placement.md").split("| grid | hosts | before, KiB | after, KiB |\n");
  const rows = table
    .split("\n\n")[0]!
    .split("\n")
    .slice(1)
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(rows.length).toBeGreaterThan(4);
  for (const [, grid = "", hosts = "", before, after] of rows) {
    const extents = grid.replace(", periodic", "").split(" x ").map(Number);
    const size = extents.reduce((product, extent) => product * extent, 1);
    const count = Number.parseInt(hosts, 10);
    const names = hosts.includes("round") ? around(size, count) : filled(...Array<number>(count).fill(size / count));
    const pairs = ofGrid(extents, grid.includes("periodic"), names);
    expect([grid, hosts, before, after]).toEqual([grid, hosts, ...pairs.map((pair) => String(pair * 2 * 8))]);
  }
});
