import type { RankRecording, RunRecording } from "../recording/recording.ts";
import { kindOf, type OperationKind } from "./operations.ts";
import { withSoundEvents } from "./sound-events.ts";

/** The events of a rank with what is asked of them again and again. */
export interface RankEvents {
  rank: number;
  recording: RankRecording;
  length: number;
  /** By row of `sums`. */
  kinds: OperationKind[];
}

/** By rank of the world. */
export function rankEvents(recording: RunRecording): RankEvents[] {
  return recording.ranks.map(withSoundEvents).map((each) => ({
    rank: each.rank,
    recording: each,
    length: each.events.began.length,
    kinds: each.sums.map(({ operation }) => kindOf(operation)),
  }));
}

/** The kind of event `i`. */
export function kindAt({ kinds, recording }: RankEvents, i: number): OperationKind {
  return kinds[recording.events.sums[i]!] ?? "other";
}

/** When event `i` ended. A call that never ended lasted until its rank left. */
export function endAt({ recording: { events, leftAt } }: RankEvents, i: number): number {
  const began = events.began[i]!;
  const ms = events.ms[i]!;
  return Number.isNaN(ms) ? Math.max(began, leftAt) : began + ms;
}

/** Duration of event `i`, see {@link endAt}. */
export function msAt(own: RankEvents, i: number): number {
  return endAt(own, i) - own.recording.events.began[i]!;
}

/** Indices of events, in lists that are each searched by the events' keys. */
export class EventLists {
  readonly #lists = new Map<number, number[]>();

  add(list: number, event: number): void {
    const found = this.#lists.get(list);
    if (found === undefined) this.#lists.set(list, [event]);
    else found.push(event);
  }

  /** Orders each list by its events' keys. Call once, after the last `add`. */
  sort(keysOf: (list: number) => Uint32Array): void {
    for (const [list, events] of this.#lists) {
      const keys = keysOf(list);
      if (!isSorted(events, keys)) events.sort((a, b) => keys[a]! - keys[b]!);
    }
  }

  /** The event of that key in a list, or -1. */
  find(list: number, keys: Uint32Array, key: number): number {
    const events = this.#lists.get(list);
    if (events === undefined) return -1;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[events[middle]!]! < key) low = middle + 1;
      else high = middle;
    }
    const event = events[low];
    return event !== undefined && keys[event] === key ? event : -1;
  }

  get(list: number): readonly number[] {
    return this.#lists.get(list) ?? [];
  }
}

function isSorted(events: readonly number[], keys: Uint32Array): boolean {
  for (let i = 1; i < events.length; i++) if (keys[events[i - 1]!]! > keys[events[i]!]!) return false;
  return true;
}
