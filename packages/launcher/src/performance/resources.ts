import type { RankRecording } from "../recording/recording.ts";
import type { ResourceSeries } from "./report-data.ts";
import { digits, fixed } from "./rounding.ts";

/** Samples of all ranks together that a page can carry. */
const mostInAll = 8000;
const mostPerRank = 400;
const leastPerRank = 8;
const mebibyte = 2 ** 20;

/** Memory, CPUs and stalls of each rank that was measured. Where there are too many samples, successive ones are merged. */
export function resourcesOf(ranks: readonly RankRecording[]): ResourceSeries[] {
  const most = Math.max(leastPerRank, Math.min(mostPerRank, Math.floor(mostInAll / Math.max(1, ranks.length))));
  return ranks.filter(({ samples }) => samples.at.length > 0).map((rank) => seriesOf(rank, most));
}

function seriesOf({ rank, samples, gc, joinedAt }: RankRecording, most: number): ResourceSeries {
  const { at, rssBytes, heapBytes, cpuMs, stallMs } = samples;
  const width = Math.ceil(at.length / most);
  const series: ResourceSeries = {
    rank,
    at: [],
    rss: [],
    heap: [],
    cpu: [],
    stall: [],
    gcCount: gc.count,
    gcMs: digits(gc.ms),
  };
  for (let i = 0; i < at.length; i += width) {
    const end = Math.min(at.length, i + width);
    const since = i === 0 ? joinedAt : at[i - 1]!;
    const cpu = cpuMs.subarray(i, end).reduce((a, b) => a + b, 0);
    series.at.push(fixed(at[end - 1]!, 1));
    series.rss.push(digits(greatest(rssBytes.subarray(i, end)) / mebibyte));
    series.heap.push(digits(greatest(heapBytes.subarray(i, end)) / mebibyte));
    series.cpu.push(fixed(cpu / Math.max(at[end - 1]! - since, 1e-3), 2));
    series.stall.push(digits(greatest(stallMs.subarray(i, end))));
  }
  return series;
}

function greatest(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), 0);
}
