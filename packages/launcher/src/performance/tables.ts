import type { RunRecording } from "../recording/recording.ts";
import type { Analysis, WaitCause } from "./analysis.ts";
import type { RankTimes } from "./rank-times.ts";
import type { BalanceRow, ReportData, TrafficRow } from "./report-data.ts";
import { digits } from "./rounding.ts";
import { totals } from "./totals.ts";

/** Pairs of ranks beyond this many are left out, those with the least first. */
const mostPairs = 10_000;

/** Who waited for whom, the longest first. */
export function waitedForRows({ causes, recording }: Analysis): ReportData["waitedFor"] {
  const size = recording.ranks.length;
  const known = causes.filter(({ forRank }) => forRank >= 0 && forRank < size);
  const pairs = totals(
    known,
    ({ rank, forRank }: WaitCause) => rank * size + forRank,
    ({ ms }) => ms,
  );
  const rows = [...pairs].map(([pair, ms]): [number, number, number] => [
    Math.floor(pair / size),
    pair % size,
    digits(ms),
  ]);
  return rows
    .filter(([, , ms]) => ms > 0)
    .sort((a, b) => b[2] - a[2])
    .slice(0, mostPairs);
}

/** What ranks sent to each other, by sender. */
export function trafficRows({ ranks }: RunRecording): TrafficRow[] {
  const rows = ranks.flatMap(({ rank, sent }) =>
    sent.map((to): TrafficRow => [rank, to.rank, to.messages, to.bytes, to.innerMessages, to.innerBytes]),
  );
  if (rows.length <= mostPairs) return rows;
  const bytes = (row: TrafficRow): number => row[3] + row[5];
  return rows.sort((a, b) => bytes(b) - bytes(a)).slice(0, mostPairs);
}

/** How each rank spent its time. */
export function balanceRow({ rank, computingMs, taskMs, waitingMs, transferMs }: RankTimes): BalanceRow {
  return {
    rank,
    computingMs: digits(computingMs),
    taskMs: digits(taskMs),
    waitingMs: digits(waitingMs),
    transferMs: digits(transferMs),
  };
}

/** Grids and graphs, each once, with what their members sent to each other. */
export function topologiesOf({ ranks }: RunRecording): ReportData["topologies"] {
  const found = new Map<number, ReportData["topologies"][number]>();
  for (const { rank, topologies, sent } of ranks) {
    const to = new Map(sent.map((each) => [each.rank, each]));
    for (const topology of topologies) {
      const known = found.get(topology.context) ?? { ...topology, neighbors: [], edges: [] };
      found.set(topology.context, known);
      for (const neighbor of new Set(topology.neighbors)) {
        const { bytes = 0, messages = 0, innerBytes = 0, innerMessages = 0 } = to.get(neighbor) ?? {};
        known.edges.push([rank, neighbor, bytes + innerBytes, messages + innerMessages]);
      }
    }
  }
  return [...found.values()];
}
