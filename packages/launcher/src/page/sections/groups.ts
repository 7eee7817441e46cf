import type { ReportData } from "../../performance/report-data.ts";

/** Above that many ranks, matrices are by host if there are several. */
const manyRanks = 128;

export type Grouping = "by rank" | "by host";

/** What the rows of a matrix are: ranks, or hosts. */
export interface Groups {
  names: string[];
  title: "rank" | "host";
  of(rank: number): number;
}

/** How a matrix begins, until the reader chooses. */
export function usualGrouping({ ranks, about }: ReportData): Grouping {
  return ranks.length > manyRanks && about.hosts.length > 1 ? "by host" : "by rank";
}

/** The rows of a matrix. */
export function groupsOf({ ranks, about }: ReportData, grouping: Grouping): Groups {
  if (grouping === "by rank")
    return { names: ranks.map(({ rank }) => String(rank)), title: "rank", of: (rank) => rank };
  const hosts = new Map(ranks.map(({ rank, host }) => [rank, host]));
  return { names: about.hosts.map(({ name }) => name), title: "host", of: (rank) => hosts.get(rank) ?? 0 };
}

/** Sums values by pairs of groups. */
export function cellsOf(
  pairs: Iterable<readonly [number, number, number]>,
  { names, of }: Groups,
): [number, number, number][] {
  const size = names.length;
  const sums = new Map<number, number>();
  for (const [from, to, value] of pairs) {
    const key = of(from) * size + of(to);
    if (value > 0) sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return [...sums].map(([key, value]) => [Math.floor(key / size), key % size, value]);
}
