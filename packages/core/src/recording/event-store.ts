import { type EventColumns, head, lastEvents, type RecordingMemory } from "./layout.ts";

/**
 * Calls one by one, in bounded memory. The last {@link lastEvents} are in a ring; what leaves the ring goes to the table. When the
 * table is full, every second key is dropped, on all ranks the same ones: both ends of a message, and all parts of a collective,
 * are kept or dropped together.
 *
 * ```text
 *  record ─► ring of the last 4096 ─► key % keeps === 0, or longer than most? ─► table     full: keeps doubles
 * ```
 */
export class EventStore {
  readonly #header: Float64Array;
  readonly #table: EventColumns;
  readonly #last: EventColumns;
  #count = 0;
  #recorded = 0;
  #keeps = 1;
  /** Longer calls are kept whatever their key is. */
  #longMs = Number.POSITIVE_INFINITY;

  constructor({ header, events, last }: RecordingMemory) {
    this.#header = header;
    this.#table = events;
    this.#last = last;
    header[head.keeps] = 1;
  }

  /** At least one in so many calls is recorded from now on: the others are not timed. */
  sparse(one: number): void {
    if (this.#keeps >= one) return;
    this.#keeps = one;
    this.#header[head.keeps] = one;
  }

  record(
    sums: number,
    began: number,
    ms: number,
    peer: number,
    tag: number,
    bytes: number,
    context: number,
    key: number,
  ): void {
    const last = this.#last;
    const slot = this.#recorded % lastEvents;
    if (this.#recorded >= lastEvents) this.#keep(slot);
    this.#recorded++;
    last.began[slot] = began;
    last.bytes[slot] = bytes;
    last.ms[slot] = ms;
    last.sums[slot] = sums;
    last.peer[slot] = peer;
    last.tag[slot] = tag;
    last.context[slot] = context;
    last.key[slot] = key;
    this.#header[head.recorded] = this.#recorded;
  }

  /** Moves an event from the ring to the table, if it is to be kept. */
  #keep(slot: number): void {
    const last = this.#last;
    if (!this.#wants(last, slot)) return;
    const table = this.#table;
    if (this.#count === table.began.length) this.#thin();
    if (this.#count === table.began.length || !this.#wants(last, slot)) return;
    copyEvent(last, slot, table, this.#count++);
    this.#header[head.eventCount] = this.#count;
  }

  #wants({ key, ms }: EventColumns, at: number): boolean {
    return (key[at] as number) % this.#keeps === 0 || (ms[at] as number) >= this.#longMs;
  }

  /** Drops half of the keys. An eighth of the room stays for the longest calls. */
  #thin(): void {
    const table = this.#table;
    const durations = table.ms.slice(0, this.#count).sort();
    this.#longMs = Math.max(durations[Math.floor(this.#count * 0.875)] as number, leastLongMs);
    this.#keeps *= 2;
    let kept = 0;
    for (let i = 0; i < this.#count; i++) if (this.#wants(table, i)) copyEvent(table, i, table, kept++);
    this.#count = kept;
    this.#header[head.keeps] = this.#keeps;
    this.#header[head.eventCount] = kept;
  }
}

/** What is shorter is not long, even where all calls are short. */
const leastLongMs = 0.05;

function copyEvent(from: EventColumns, i: number, to: EventColumns, k: number): void {
  to.began[k] = from.began[i] as number;
  to.bytes[k] = from.bytes[i] as number;
  to.ms[k] = from.ms[i] as number;
  to.sums[k] = from.sums[i] as number;
  to.peer[k] = from.peer[i] as number;
  to.tag[k] = from.tag[i] as number;
  to.context[k] = from.context[i] as number;
  to.key[k] = from.key[i] as number;
}
