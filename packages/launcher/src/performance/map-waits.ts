import type { RankRecording } from "../recording/recording.ts";
import type { RankEvents } from "./event-lists.ts";
import type { MapMember, MapRun, MapTask } from "./map-runs.ts";
import type { RankWaits } from "./rank-waits.ts";

/**
 * Waiting in maps: the time in the call while no task runs on the rank. After its last task, a rank waits for the rank whose
 * task ends last; before, for the root to give it work. The root itself waits only after its own tasks.
 */
export function mapWaits(runs: readonly MapRun[], ranks: readonly RankEvents[], waits: readonly RankWaits[]): void {
  for (const run of runs) {
    for (const member of run.members) {
      const { recording } = ranks[member.rank]!;
      note(waits[member.rank]!, member.event, [tailOf(run, member), idleOf(run, member, recording)]);
    }
  }
}

interface Wait {
  forRank: number;
  ms: number;
}

function note(waits: RankWaits, event: number, found: readonly Wait[]): void {
  const real = found.filter(({ ms }) => ms > 0);
  waits.ms[event] = real.reduce((sum, { ms }) => sum + ms, 0);
  const longest = real.reduce<Wait | undefined>((a, b) => (a === undefined || b.ms > a.ms ? b : a), undefined);
  waits.forRank[event] = longest?.forRank ?? -1;
  if (real.length > 1) for (const each of real) waits.several.push({ event, ...each });
}

/** After the rank's last task, while tasks still run elsewhere. */
function tailOf({ last, root }: MapRun, member: MapMember): Wait {
  const idleRoot = member.rank === root && member.tasks.length === 0;
  if (last === undefined || last.rank === member.rank || idleRoot) return { forRank: -1, ms: 0 };
  return { forRank: last.rank, ms: Math.min(last.end, member.end) - endOfTasks(member) };
}

/** Between tasks, and after all tasks of a pool that is still open. */
function idleOf(run: MapRun, member: MapMember, recording: RankRecording): Wait {
  if (member.rank === run.root) return { forRank: -1, ms: 0 };
  const until = endOfTasks(member);
  const between = recording.keeps === 1 ? gaps(member.began, member.tasks) : idleInBins(recording, member.began, until);
  const lastEnd = Math.max(until, run.last?.end ?? member.began);
  const after = run.operation === "pool" || run.last === undefined ? Math.max(0, member.end - lastEnd) : 0;
  return { forRank: run.root, ms: between + after };
}

/** When its last task ended; of a rank without tasks, when it called the map. */
function endOfTasks({ began, tasks }: MapMember): number {
  return tasks.reduce((latest, { end }) => Math.max(latest, end), began);
}

/** Time before and between tasks. Tasks that run at once count once. */
function gaps(from: number, tasks: readonly MapTask[]): number {
  let ms = 0;
  let until = from;
  for (const { began, end } of tasks) {
    ms += Math.max(0, began - until);
    until = Math.max(until, end);
  }
  return ms;
}

/** The same from the rank's bins, where not every task is kept. */
function idleInBins({ bins }: RankRecording, from: number, to: number): number {
  let ms = 0;
  for (let i = 0; i < bins.maps.length; i++) {
    const began = bins.began + i * bins.ms;
    const shared = Math.min(to, began + bins.ms) - Math.max(from, began);
    if (shared > 0) ms += (bins.maps[i]! * shared) / bins.ms;
  }
  return ms;
}
