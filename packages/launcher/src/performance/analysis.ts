import type { RunRecording } from "../recording/recording.ts";
import { delaysOf } from "./delays.ts";
import { efficiencyOf, runMs } from "./efficiency.ts";
import type { RankEvents } from "./event-lists.ts";
import { likely, linesOf } from "./lines.ts";
import { kindOf, type OperationKind } from "./operations.ts";
import { type RankTimes, rankTimes, sum } from "./rank-times.ts";
import type { RankWaits } from "./rank-waits.ts";
import type { Efficiency } from "./report-data.ts";
import { type RankWaitSums, waitSums } from "./wait-sums.ts";
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
  /** The same with the ranks that the waiting goes back to. */
  delays: WaitCause[];
  /** By rank, event by event: {@link delays}. */
  delayEvents: RankWaits[];
  /** By rank, by row of its sums: the line, or the most likely one. */
  lines: string[][];
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
  /** Of it: before the rank that it waited for had joined. Starting takes ranks differently long; no program can change that. */
  startMs: number;
  /** The calls had not ended when the recording ended. */
  open: boolean;
}

/** Analyses a recording. */
export function analyse(recording: RunRecording): Analysis {
  const waits = waitsOf(recording);
  const times = rankTimes(recording.ranks, waits);
  const lines = linesOf(recording.ranks, likely);
  const delayEvents = delaysOf(waits.ranks, waits.events);
  const delaySums = waitSums(waits.ranks, delayEvents);
  return {
    recording,
    lines,
    waits,
    times,
    efficiency: efficiencyOf(recording.ranks, times),
    runMs: runMs(times),
    rankTimeMs: sum(times, ({ ms }) => ms),
    causes: causesOf(waits.ranks, waits.sums, waits.events, times, lines),
    delays: causesOf(waits.ranks, delaySums, delayEvents, times, lines),
    delayEvents,
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

function causesOf(
  ranks: readonly RankEvents[],
  sums: readonly RankWaitSums[],
  events: readonly RankWaits[],
  times: readonly RankTimes[],
  lines: readonly string[][],
): WaitCause[] {
  return ranks.flatMap((own) => {
    const { rank, recording } = own;
    const starts = startWaits(own, events[rank]!, times);
    const { overlap } = times[rank]!;
    return sums[rank]!.causes.map(({ row, forRank, ms: all, open }): WaitCause => {
      const { operation } = recording.sums[row]!;
      const ms = all * overlap;
      const startMs = open ? 0 : Math.min(ms, starts.get(`${row} ${forRank}`) ?? 0);
      return { rank, forRank, operation, kind: kindOf(operation), site: lines[rank]![row]!, ms, startMs, open };
    });
  });
}

/** Waiting for ranks that had not joined yet, by row and rank. */
function startWaits(own: RankEvents, { ms, forRank }: RankWaits, times: readonly RankTimes[]): Map<string, number> {
  const { began, sums } = own.recording.events;
  const latest = times.reduce((most, { joinedAt }) => Math.max(most, joinedAt), 0);
  const found = new Map<string, number>();
  for (let i = 0; i < began.length && began[i]! < latest; i++) {
    const joinedAt = times[forRank[i]!]?.joinedAt ?? 0;
    const start = Math.min(ms[i]!, joinedAt - began[i]!);
    if (!(start > 0)) continue;
    const id = `${sums[i]} ${forRank[i]}`;
    found.set(id, (found.get(id) ?? 0) + start);
  }
  return found;
}
