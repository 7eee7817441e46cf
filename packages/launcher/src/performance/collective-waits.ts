import type { RunRecording } from "../recording/recording.ts";
import { EventLists, endAt, kindAt, type RankEvents } from "./event-lists.ts";
import { isCollective } from "./operations.ts";
import { noteWait, type RankWaits, type Until, unknown } from "./rank-waits.ts";

/** One collective on all of its ranks. */
interface Instance {
  last: number;
  lastRank: number;
  /** The last but the root. */
  lastOther: number;
  lastOtherRank: number;
  rootBegan: number;
  members: number;
}

/** The collectives of a communicator, by key. */
interface Context {
  instances: Map<number, Instance>;
  /** Ranks that called any collective in it. */
  members: Set<number>;
}

/** Waiting in collectives: for the last rank to call it, or for the root, or of the root for the last rank. */
export function collectiveWaits(
  recording: RunRecording,
  ranks: readonly RankEvents[],
  waits: readonly RankWaits[],
): void {
  const found = new CollectiveWaits(recording, ranks);
  for (const own of ranks) {
    for (let i = 0; i < own.length; i++) {
      if (isCollective(kindAt(own, i))) noteWait(waits[own.rank]!, own, i, found.of(own, i));
    }
  }
}

class CollectiveWaits {
  readonly #ranks: readonly RankEvents[];
  readonly #contexts: Map<number, Context>;
  readonly #neighbors: Neighbors;
  readonly #absentOf = new Map<string, number[]>();

  constructor(recording: RunRecording, ranks: readonly RankEvents[]) {
    this.#ranks = ranks;
    this.#contexts = contextsOf(ranks);
    this.#neighbors = new Neighbors(recording, ranks);
  }

  of(own: RankEvents, i: number): Until | undefined {
    const { context, key, ms } = own.recording.events;
    const { instances, members } = this.#contexts.get(context[i]!)!;
    const instance = instances.get(key[i]!)!;
    if (Number.isNaN(ms[i]!)) return this.#absent(members, instance, own, i);
    if (instance.members < members.size) return unknown;
    return this.#arrival(instance, own, i);
  }

  #arrival(instance: Instance, own: RankEvents, i: number): Until | undefined {
    const root = own.recording.events.peer[i]!;
    const isRoot = root === own.rank;
    const last = { time: instance.last, rank: instance.lastRank };
    switch (kindAt(own, i)) {
      case "from-root":
        return isRoot || root < 0 ? undefined : { time: instance.rootBegan, rank: root };
      case "to-root":
        return isRoot ? { time: instance.lastOther, rank: instance.lastOtherRank } : undefined;
      case "neighbors":
        return this.#neighbors.lastOf(own, i) ?? last;
      default:
        return last;
    }
  }

  /** A collective that never ended waits for a rank that did not call it, first of all the root; if all did, for the last. */
  #absent(called: ReadonlySet<number>, instance: Instance, own: RankEvents, i: number): Until {
    const { peer, context, key } = own.recording.events;
    const absent = this.#absentees(called, context[i]!, key[i]!);
    const rank = absent.includes(peer[i]!) ? peer[i] : absent[0];
    return rank === undefined ? { time: instance.last, rank: instance.lastRank } : { time: endAt(own, i), rank };
  }

  /** The ranks of a communicator that did not call the collective of that key. */
  #absentees(called: ReadonlySet<number>, context: number, key: number): number[] {
    const id = `${context} ${key}`;
    const known = this.#absentOf.get(id);
    if (known !== undefined) return known;
    const members = context === 0 ? this.#ranks.map(({ rank }) => rank) : [...called];
    const absent = members.filter((rank) => !calls(this.#ranks[rank]!, context, key));
    this.#absentOf.set(id, absent);
    return absent;
  }
}

function calls(own: RankEvents, context: number, key: number): boolean {
  const { events } = own.recording;
  // Such a call is one of the last, so it is searched for from the end.
  for (let i = own.length - 1; i >= 0; i--) {
    if (events.key[i] === key && events.context[i] === context && isCollective(kindAt(own, i))) return true;
  }
  return false;
}

function contextsOf(ranks: readonly RankEvents[]): Map<number, Context> {
  const contexts = new Map<number, Context>();
  for (const own of ranks) {
    const { events } = own.recording;
    for (let i = 0; i < own.length; i++) {
      if (!isCollective(kindAt(own, i))) continue;
      const context = contexts.get(events.context[i]!) ?? { instances: new Map(), members: new Set() };
      contexts.set(events.context[i]!, context);
      context.members.add(own.rank);
      arrive(context.instances, events.key[i]!, own.rank, events.peer[i]!, events.began[i]!);
    }
  }
  return contexts;
}

function arrive(instances: Map<number, Instance>, key: number, rank: number, root: number, began: number): void {
  let found = instances.get(key);
  if (found === undefined) {
    found = { last: -1, lastRank: -1, lastOther: -1, lastOtherRank: -1, rootBegan: Number.NaN, members: 0 };
    instances.set(key, found);
  }
  found.members++;
  if (began > found.last) {
    found.last = began;
    found.lastRank = rank;
  }
  if (rank === root) found.rootBegan = began;
  else if (began > found.lastOther) {
    found.lastOther = began;
    found.lastOtherRank = rank;
  }
}

/** Ranks that send to a rank in a neighbor collective. */
class Neighbors {
  readonly #ranks: readonly RankEvents[];
  readonly #lists = new EventLists();
  /** By context and rank. */
  readonly #sources = new Map<number, number[]>();

  constructor(recording: RunRecording, ranks: readonly RankEvents[]) {
    this.#ranks = ranks;
    for (const { rank, topologies } of recording.ranks) {
      for (const { context, neighbors } of topologies) {
        for (const dest of neighbors) if (dest < ranks.length) this.#add(this.#listOf(context, dest), rank);
      }
    }
    for (const own of ranks) this.#index(own);
    this.#lists.sort((list) => ranks[list % ranks.length]!.recording.events.key);
  }

  /** The last beginning among the ranks that send to this one; undefined if they are not known. */
  lastOf(own: RankEvents, i: number): Until | undefined {
    const { context, key } = own.recording.events;
    const sources = this.#sources.get(this.#listOf(context[i]!, own.rank));
    if (sources === undefined) return undefined;
    let last: Until = { time: -1, rank: -1 };
    for (const rank of sources) {
      const { events } = this.#ranks[rank]!.recording;
      const event = this.#lists.find(this.#listOf(context[i]!, rank), events.key, key[i]!);
      const time = events.began[event] ?? -1;
      if (time > last.time) last = { time, rank };
    }
    return last;
  }

  #index(own: RankEvents): void {
    if (!own.kinds.includes("neighbors")) return;
    for (let i = 0; i < own.length; i++) {
      if (kindAt(own, i) === "neighbors") this.#lists.add(this.#listOf(own.recording.events.context[i]!, own.rank), i);
    }
  }

  #add(list: number, rank: number): void {
    const found = this.#sources.get(list);
    if (found === undefined) this.#sources.set(list, [rank]);
    else found.push(rank);
  }

  #listOf(context: number, rank: number): number {
    return context * this.#ranks.length + rank;
  }
}
