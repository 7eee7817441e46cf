import { isLinked, type Link, List, unlink } from "./linked-list.ts";

/** Any source, or any tag. */
export const any = -1;

/** An entry of a {@link MatchQueue}. */
export interface Entry extends Link {
  /** Rank in the world, or `any`. */
  readonly source: number;
  readonly tag: number;
  /** Its position in the order of entries. */
  order: number;
  /** Its places in the buckets, once the queue has any. */
  places: readonly Place[];
}

/**
 * Entries in order, found by source and tag. Both the entries and the lookups may say `any`.
 *
 * A linear search is fastest while the oldest entry mostly fits. When a search has passed 32 entries, they are also
 * kept in buckets by pattern, so that ten thousand receives or messages in any order cost no search:
 * ```text
 *   message (2, 7) looks for receives in    (2,7) (2,any) (any,7) (any,any)     "wide" lookups, each entry in one bucket
 *   receive (any, 7) looks in (any,7), for messages are in (2,7) (2,any) (any,7) (any,any)      "wide" entries
 * ```
 */
export class MatchQueue<T extends Entry> implements Iterable<T> {
  readonly #entries: List<T> = new List();
  readonly #wide: "entries" | "lookups";
  #count = 0;
  #buckets: Map<number, List<Place<T>>> | undefined;

  constructor(wide: "entries" | "lookups") {
    this.#wide = wide;
  }

  get size(): number {
    return this.#count;
  }

  append(entry: T): void {
    this.#entries.append(entry);
    this.#count += 1;
    if (this.#buckets !== undefined) this.#file(entry, this.#buckets);
  }

  /** Inserts an entry at the position that its `order` says. */
  insert(entry: T): void {
    this.#entries.insertBefore((other) => other.order > entry.order, entry);
    this.#count += 1;
    if (this.#buckets !== undefined) this.#build(); // rare: a message that did not fit its receiver's array
  }

  remove(entry: T): void {
    if (!isLinked(entry)) return;
    unlink(entry);
    this.#count -= 1;
    for (const place of entry.places) {
      unlink(place);
      if (this.#buckets?.get(place.key)?.empty) this.#buckets.delete(place.key);
    }
    entry.places = noPlaces;
    if (this.#count === 0) this.#buckets = undefined;
  }

  /** The oldest entry that fits. */
  first(source: number, tag: number): T | undefined {
    if (this.#buckets === undefined) {
      const found = this.#entries.find(few, fits, source, tag);
      if (found !== undefined || this.#count <= few) return found;
    }
    const buckets = this.#buckets ?? this.#build();
    if (this.#wide === "entries") return buckets.get(keyOf(source, tag))?.first?.entry;
    let oldest: T | undefined;
    for (const key of patterns(source, tag)) {
      const entry = buckets.get(key)?.first?.entry;
      if (entry !== undefined && (oldest === undefined || entry.order < oldest.order)) oldest = entry;
    }
    return oldest;
  }

  /** A copy of all entries that fit, the oldest first. */
  all(source: number, tag: number): T[] {
    const buckets = this.#buckets;
    if (buckets === undefined) return [...this.#entries].filter((entry) => fits(entry, source, tag));
    const keys = this.#wide === "entries" ? [keyOf(source, tag)] : patterns(source, tag);
    const entries = keys.flatMap((key) => [...(buckets.get(key) ?? [])].map((place) => place.entry));
    return entries.sort((a, b) => a.order - b.order);
  }

  /** From the oldest to the newest. The entry that was just yielded may be removed. */
  [Symbol.iterator](): Iterator<T> {
    return this.#entries[Symbol.iterator]();
  }

  #build(): Map<number, List<Place<T>>> {
    const buckets = new Map<number, List<Place<T>>>();
    for (const entry of this.#entries) this.#file(entry, buckets);
    this.#buckets = buckets;
    return buckets;
  }

  #file(entry: T, buckets: Map<number, List<Place<T>>>): void {
    const keys = this.#wide === "entries" ? patterns(entry.source, entry.tag) : [keyOf(entry.source, entry.tag)];
    entry.places = keys.map((key) => {
      const place = new Place(entry, key);
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = new List();
        buckets.set(key, bucket);
      }
      bucket.append(place);
      return place;
    });
  }
}

/** An entry's place in a bucket. */
class Place<T extends Entry = Entry> implements Link {
  previous: Link = this;
  next: Link = this;
  readonly entry: T;
  readonly key: number;

  constructor(entry: T, key: number) {
    this.entry = entry;
    this.key = key;
  }
}

/** So many entries are searched one by one. */
const few = 32;
/** The places of an entry that is in no bucket. */
export const noPlaces: readonly Place[] = [];

function fits(entry: Entry, source: number, tag: number): boolean {
  return (
    (entry.source === source || entry.source === any || source === any) &&
    (entry.tag === tag || entry.tag === any || tag === any)
  );
}

function keyOf(source: number, tag: number): number {
  return (source + 1) * 2 ** 32 + (tag + 1);
}

function patterns(source: number, tag: number): number[] {
  return [keyOf(source, tag), keyOf(source, any), keyOf(any, tag), keyOf(any, any)];
}
