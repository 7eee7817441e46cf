import type { RankRecording, RunRecording, TimeBins } from "../recording/recording.ts";

/** Bins of all ranks together, and of one rank. */
const mostInAll = 25_600;
const mostPerRank = 600;
const leastPerRank = 24;

/** The bins of ranks on one common grid, as a timeline has them. */
export interface CommonBins {
  binMs: number;
  bins: number[][];
}

/** Merges the bins of ranks, which have widths of their own. */
export function commonBins({ ranks }: RunRecording, runMs: number): CommonBins {
  const finest = ranks.reduce((least, { bins }) => (bins.tasks.length > 0 ? Math.min(least, bins.ms) : least), runMs);
  const most = Math.max(leastPerRank, Math.min(mostPerRank, Math.floor(mostInAll / Math.max(1, ranks.length))));
  const count = Math.max(1, Math.min(most, Math.ceil(runMs / Math.max(finest, Number.MIN_VALUE))));
  const binMs = runMs > 0 ? runMs / count : 1;
  return { binMs, bins: ranks.map((rank) => binsOf(rank, binMs, count)) };
}

function binsOf({ bins, joinedAt, leftAt }: RankRecording, binMs: number, count: number): number[] {
  const flat = new Array<number>(count * 4).fill(-1);
  const columns = [bins.messages, bins.collectives, bins.maps, bins.tasks].map((each) =>
    rebinned(each, bins, binMs, count),
  );
  for (let bin = 0; bin < count; bin++) {
    if (leftAt <= bin * binMs || joinedAt >= (bin + 1) * binMs) continue;
    for (const [kind, column] of columns.entries()) {
      flat[bin * 4 + kind] = Math.max(0, Math.min(100, Math.round((column[bin]! / binMs) * 100)));
    }
  }
  return flat;
}

/** Shares each old bin out to the new ones that it overlaps. */
function rebinned(column: Float32Array, old: TimeBins, binMs: number, count: number): Float64Array {
  const result = new Float64Array(count);
  for (const [i, ms] of column.entries()) {
    const from = old.began + i * old.ms;
    const to = from + old.ms;
    const last = Math.min(count - 1, Math.floor(to / binMs));
    for (let bin = Math.max(0, Math.floor(from / binMs)); bin <= last; bin++) {
      const shared = Math.min(to, (bin + 1) * binMs) - Math.max(from, bin * binMs);
      if (shared > 0) result[bin]! += (ms * shared) / old.ms;
    }
  }
  return result;
}
