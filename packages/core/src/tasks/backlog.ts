import { performance } from "../calls/event-loop.ts";
import type { InputSource } from "./input-source.ts";
import type { Item } from "./item.ts";
import { ItemQueue } from "./item-queue.ts";
import type { ResultStore } from "./result-store.ts";

/** Suspects after one loss are handed out in about so many groups. */
const suspectGroups = 8;
/** Longest time to look how many inputs there are. */
const peekMs = 0.3;

/** What becomes of inputs that need not be handed out. */
interface BacklogEvents {
  /** The journal has the result of this input. */
  known(index: number, value: unknown): void;
  /** The journal is of other inputs, or an input cannot be encoded for it. */
  failed(error: unknown): void;
  /** How many further inputs may be pulled from the source now. */
  room(pulled: number): number;
}

/** The inputs of a run that are still to be handed out: new ones, ones to be tried again, and blocks of the static schedule. */
export class Backlog {
  readonly #source: InputSource;
  readonly #journal: ResultStore | undefined;
  readonly #events: BacklogEvents;
  /** Inputs to be tried again, one by one. */
  readonly #again: Item[] = [];
  /** Inputs that were at work on a rank when it was lost: one of them may have ended it. */
  readonly #suspects: Item[] = [];
  /** Inputs that come before all new ones: given back without being begun, or pulled to see how many there are. */
  readonly #next: ItemQueue = new ItemQueue();
  /** Static schedule: the block of each rank that has not been handed out. */
  #blocks: Map<number, Item[]> | undefined;
  #pulled = 0;
  #closed = false;

  constructor(source: InputSource, journal: ResultStore | undefined, events: BacklogEvents) {
    this.#source = source;
    this.#journal = journal;
    this.#events = events;
  }

  /** Whether nothing is left to hand out, unless an input comes back. */
  get isEmpty(): boolean {
    return (
      this.#source.ended &&
      this.#next.length + this.#again.length + this.#suspects.length === 0 &&
      this.#blocksAreGone()
    );
  }

  /** How many inputs are left, where their number is known. */
  get remaining(): number | undefined {
    const remaining = this.#source.ended ? 0 : this.#source.remaining;
    if (remaining === undefined) return undefined;
    let blocked = 0;
    for (const block of this.#blocks?.values() ?? []) blocked += block.length;
    return remaining + blocked + this.#again.length + this.#suspects.length + this.#next.length;
  }

  set blocks(blocks: Map<number, Item[]>) {
    this.#blocks = blocks;
  }

  /** Takes the block of this rank, if there is one with inputs. */
  takeBlock(rank: number): Item[] | undefined {
    const block = this.#blocks?.get(rank);
    this.#blocks?.delete(rank);
    return block?.length === 0 ? undefined : block;
  }

  /**
   * Takes inputs that were at work on a rank when that rank was lost. After one loss that may be a whole block, so they go out in
   * groups; after two, one by one, so that the task that ends its ranks is known.
   */
  takeSuspect(): Item[] | undefined {
    const [first] = this.#suspects;
    if (first === undefined) return undefined;
    const most = first.losses > 1 ? 1 : Math.ceil(this.#suspects.length / suspectGroups);
    const other = this.#suspects.findIndex((item) => item.losses !== first.losses || item.attempts !== first.attempts);
    return this.#suspects.splice(0, other < 0 ? most : Math.min(most, other));
  }

  /** Takes one input that is to be tried again, else up to `most` new ones. */
  take(most: number, suspects: boolean): Item[] {
    const again = this.#again.splice(0, 1);
    if (again.length > 0) return again;
    const suspect = suspects ? this.takeSuspect() : undefined;
    if (suspect !== undefined) return suspect;
    return this.#takeNext(most);
  }

  #takeNext(most: number): Item[] {
    if (this.#next.length === 0) return this.pull(most);
    const items = this.#next.take(most);
    return items.length < most ? [...items, ...this.pull(most - items.length)] : items;
  }

  /** Takes up to `most` new inputs. An input that takes long to make ends this. */
  takeNew(most: number): Item[] {
    if (this.#source.lazy) {
      this.peek(most);
      return this.#next.take(most);
    }
    return this.#takeNext(most);
  }

  /** Whether an input waits to be tried again. */
  get hasAgain(): boolean {
    return this.#again.length > 0;
  }

  /** Pulls inputs until so many are there, to know whether they are the last ones. An input that takes long to make ends this. */
  peek(many: number): void {
    if (this.#source.ended || this.#closed) return;
    const until = performance.now() + peekMs;
    for (let some = 1; this.#next.length < many && performance.now() < until; some *= 2) {
      const items = this.pull(Math.min(some, many - this.#next.length));
      if (items.length === 0) break;
      this.#next.push(items);
    }
    this.#source.expect?.(Math.min(many - this.#next.length, this.#events.room(this.#pulled)));
  }

  /** Takes back inputs whose tasks were not begun. They are the next ones, in the order of handing out. */
  putBack(items: readonly Item[]): void {
    // What was begun before, on another rank, goes out again by itself: tasks of one chunk are told the same attempt.
    this.#next.putBack(items.filter(isNew));
    for (const item of items) if (!isNew(item)) this.tryAgain(item);
  }

  /** Takes an input whose task is to be tried again. */
  tryAgain(item: Item): void {
    (item.losses > 0 ? this.#suspects : this.#again).push(item);
  }

  /** Takes the next new inputs whose results the journal does not have. */
  pull(most: number): Item[] {
    const items: Item[] = [];
    while (items.length < most && !this.#closed) {
      const inputs = this.#source.take(Math.min(most - items.length, this.#events.room(this.#pulled)));
      if (inputs.length === 0) break;
      for (const input of inputs) {
        const at = this.#pulled++;
        const index = this.#source.indexOf?.(at) ?? at;
        const digest = this.#journal && this.#lookUp(this.#journal, index, input);
        if (digest === "failed") break;
        if (digest !== "known") items.push({ index, at, input, digest, attempts: 0, losses: 0 });
      }
    }
    return items;
  }

  /** Nothing more is pulled. `failed` gets what the source's own clean-up throws. */
  close(failed: (error: unknown) => void): void {
    this.#closed = true;
    this.#source.close(failed);
  }

  /** The digest of an input whose result the journal does not have. */
  #lookUp(journal: ResultStore, index: number, input: unknown): Item["digest"] | "known" | "failed" {
    try {
      const digest = journal.digestOf(input);
      const known = journal.find(index, digest);
      if (known === undefined) return digest;
      this.#events.known(index, known.value);
      return "known";
    } catch (error) {
      this.#events.failed(error);
      return "failed";
    }
  }

  #blocksAreGone(): boolean {
    for (const block of this.#blocks?.values() ?? []) if (block.length > 0) return false;
    return true;
  }
}

function isNew({ attempts, losses }: Item): boolean {
  return attempts === 0 && losses === 0;
}
