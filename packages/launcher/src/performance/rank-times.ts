import type { PhaseTimes, RankRecording } from "../recording/recording.ts";
import type { RankWaitSums } from "./wait-sums.ts";
import type { Waits } from "./waits.ts";

/** How a rank spent a time: its life, or a phase. */
export interface SpentTimes {
  ms: number;
  /** Outside of calls, and in tasks. */
  computingMs: number;
  /** In calls, waiting for other ranks. */
  waitingMs: number;
}

export interface RankTimes extends SpentTimes {
  rank: number;
  /** False: it never called `init()`. */
  joined: boolean;
  joinedAt: number;
  leftAt: number;
  /** Of computing: tasks of maps and pools. */
  taskMs: number;
  /** The rest: in calls, while nothing waited for another rank. */
  transferMs: number;
  /**
   * Calls that run at once are each counted in full by the sums. So much of a call's waiting is the rank's time: 1 where
   * calls do not overlap.
   */
  overlap: number;
  /** By phase of the rank's recording. */
  phases: SpentTimes[];
}

/** By rank. */
export function rankTimes(recordings: readonly RankRecording[], waits: Waits): RankTimes[] {
  return recordings.map((recording, rank) => timesOf(recording, waits.ranks[rank]!.kinds, waits.sums[rank]!));
}

function timesOf(recording: RankRecording, kinds: readonly string[], sums: RankWaitSums): RankTimes {
  const { rank, joinedAt, leftAt } = recording;
  const joined = recording.complete || recording.sums.length > 0 || leftAt > joinedAt;
  const ms = Math.max(0, leftAt - joinedAt);
  const inCalls = callTimes(recording, kinds, sums);
  const known = recording.phases.length > 0 ? recording.phases : [{ name: "", ms, inCallsMs: inCalls }];
  const phases = known.map((phase) => ({ ...phase, inCallsMs: Math.min(phase.ms, phase.inCallsMs) }));
  const inCallsMs = sum(phases, (each) => each.inCallsMs);
  const overlap = inCalls > inCallsMs ? inCallsMs / inCalls : 1;
  const spent = phases.map((phase, i) => spentIn(phase, i, recording, sums, overlap));
  const computingMs = sum(spent, (each) => each.computingMs);
  const waitingMs = sum(spent, (each) => each.waitingMs);
  const taskMs = Math.min(computingMs, tasksOf(recording, kinds));
  const transferMs = Math.max(0, ms - computingMs - waitingMs);
  const times = { ms, computingMs, waitingMs, taskMs, transferMs };
  return { rank, joined, joinedAt, leftAt, ...times, overlap, phases: spent };
}

/** All calls, one after the other, without the tasks that ran within them. */
function callTimes(recording: RankRecording, kinds: readonly string[], { openByRow }: RankWaitSums): number {
  let calls = 0;
  let maps = 0;
  for (const [row, { ms }] of recording.sums.entries()) {
    if (kinds[row] === "map") maps += ms + openByRow[row]!;
    else if (kinds[row] !== "task") calls += ms + openByRow[row]!;
  }
  return calls + Math.max(0, maps - tasksOf(recording, kinds));
}

function tasksOf({ sums }: RankRecording, kinds: readonly string[]): number {
  return sum(sums, ({ ms }, row) => (kinds[row] === "task" ? ms : 0));
}

function spentIn(
  phase: PhaseTimes,
  index: number,
  { sums }: RankRecording,
  { byRow }: RankWaitSums,
  overlap: number,
): SpentTimes {
  const waiting = sum(sums, (row, i) => (row.phase === index ? byRow[i]! : 0)) * overlap;
  const computingMs = Math.max(0, phase.ms - phase.inCallsMs);
  return { ms: phase.ms, computingMs, waitingMs: Math.min(waiting, phase.inCallsMs) };
}

/** The sum of what `of` gives for each. */
export function sum<T>(items: readonly T[], of: (item: T, index: number) => number): number {
  return items.reduce((total, item, index) => total + of(item, index), 0);
}
