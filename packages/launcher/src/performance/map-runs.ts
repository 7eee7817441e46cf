import { endAt, kindAt, type RankEvents } from "./event-lists.ts";

/** One `map`, `imap` or `pool`, on all ranks that called it. */
export interface MapRun {
  operation: string;
  site: string;
  /** The rank that hands out the tasks. */
  root: number;
  members: MapMember[];
  /** The task that ended last, as far as tasks are recorded; absent if there is none. */
  last?: MapTask;
}

/** A rank's call of a map. */
export interface MapMember {
  rank: number;
  event: number;
  began: number;
  end: number;
  /** Its tasks, ordered by their beginning. */
  tasks: MapTask[];
}

export interface MapTask {
  rank: number;
  event: number;
  input: number;
  began: number;
  end: number;
  /** It threw, or its promise was rejected. */
  failed: boolean;
  /** Attempts at this input that failed before. */
  retry: number;
}

/** The maps of a run, ordered by their beginning. */
export function mapRuns(ranks: readonly RankEvents[]): MapRun[] {
  const runs = new Map<string, MapRun>();
  for (const own of ranks) {
    if (!own.kinds.includes("map")) continue;
    const members = membersOf(own);
    giveTasks(own, members);
    for (const member of members) addTo(runs, own, member);
  }
  for (const run of runs.values()) finish(run);
  return [...runs.values()].sort((a, b) => beganAt(a) - beganAt(b));
}

/** When its first rank called it. */
export function beganAt({ members }: MapRun): number {
  return Math.min(...members.map(({ began }) => began));
}

function membersOf(own: RankEvents): MapMember[] {
  const members: MapMember[] = [];
  for (let i = 0; i < own.length; i++) {
    if (kindAt(own, i) !== "map") continue;
    members.push({ rank: own.rank, event: i, began: own.recording.events.began[i]!, end: endAt(own, i), tasks: [] });
  }
  return members;
}

/** A task belongs to the last map that began before it and is not over. */
function giveTasks(own: RankEvents, members: readonly MapMember[]): void {
  const { events } = own.recording;
  let next = 0;
  let open: MapMember[] = [];
  for (let i = 0; i < own.length; i++) {
    if (kindAt(own, i) !== "task") continue;
    const began = events.began[i]!;
    while (next < members.length && members[next]!.began <= began) open.push(members[next++]!);
    open = open.filter(({ end }) => end >= began);
    open.at(-1)?.tasks.push({
      rank: own.rank,
      event: i,
      input: events.key[i]!,
      began,
      end: endAt(own, i),
      failed: events.tag[i] === 1,
      retry: events.context[i]!,
    });
  }
}

function addTo(runs: Map<string, MapRun>, own: RankEvents, member: MapMember): void {
  const { events, sums, sites } = own.recording;
  const { operation, site } = sums[events.sums[member.event]!]!;
  const id = `${operation} ${events.context[member.event]} ${events.key[member.event]}`;
  const run = runs.get(id) ?? { operation, site: sites[site] ?? "", root: -1, members: [] };
  runs.set(id, run);
  run.root = Math.max(run.root, events.peer[member.event]!);
  run.members.push(member);
}

function finish(run: MapRun): void {
  if (run.root < 0) run.root = Math.min(...run.members.map(({ rank }) => rank));
  for (const { tasks } of run.members) {
    for (const task of tasks) if (run.last === undefined || task.end > run.last.end) run.last = task;
  }
}
