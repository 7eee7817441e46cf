import type { RunRecording } from "../recording/recording.ts";
import { efficiencyOf, runMs } from "./efficiency.ts";
import { kindOf, type OperationKind } from "./operations.ts";
import { type RankTimes, rankTimes, sum } from "./rank-times.ts";
import type { Efficiency } from "./report-data.ts";
import { type Waits, waitsOf } from "./waits.ts";

/** What advice and reports are made from. */
export interface Analysis {
  recording: RunRecording;
  waits: Waits;
  times: RankTimes[];
  efficiency: Efficiency[];
  /** From the first rank's joining to the last one's leaving. */
  runMs: number;
  /** The lives of all ranks, one after the other. */
  rankTimeMs: number;
  causes: WaitCause[];
}

/** Waiting of one rank for another one in one call of the program. */
export interface WaitCause {
  rank: number;
  /** -1: not known which. */
  forRank: number;
  operation: string;
  kind: OperationKind;
  site: string;
  ms: number;
  /** The calls had not ended when the recording ended. */
  open: boolean;
}

/** Analyses a recording. */
export function analyse(recording: RunRecording): Analysis {
  const waits = waitsOf(recording);
  const times = rankTimes(recording.ranks, waits);
  return {
    recording,
    waits,
    times,
    efficiency: efficiencyOf(recording.ranks, times),
    runMs: runMs(times),
    rankTimeMs: sum(times, ({ ms }) => ms),
    causes: causesOf(recording, waits, times),
  };
}

/** The host of each rank, as an index into `about.hosts`; -1: none. */
export function hostIndices({ about, ranks }: RunRecording): number[] {
  const hosts = ranks.map(({ host }) => about.hosts.findIndex(({ name }) => name === host));
  for (const [index, host] of about.hosts.entries()) {
    for (const rank of host.ranks) if (hosts[rank] === -1) hosts[rank] = index;
  }
  return hosts;
}

function causesOf({ ranks }: RunRecording, waits: Waits, times: readonly RankTimes[]): WaitCause[] {
  return ranks.flatMap(({ rank, sums, sites }) =>
    waits.sums[rank]!.causes.map(({ row, forRank, ms, open }): WaitCause => {
      const { operation, site } = sums[row]!;
      const kind = kindOf(operation);
      return { rank, forRank, operation, kind, site: sites[site] ?? "", ms: ms * times[rank]!.overlap, open };
    }),
  );
}
