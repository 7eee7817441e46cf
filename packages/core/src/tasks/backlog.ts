import { performance } from "../calls/event-loop.ts";
import type { InputSource } from "./input-source.ts";
import type { Item } from "./item.ts";
import type { Journal } from "./journal.ts";

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
  readonly #journal: Journal | undefined;
  readonly #events: BacklogEvents;
  /** Inputs to be tried again. They go out one by one, because one of them may have ended its rank. */
  readonly #again: Item[] = [];
  /** Inputs that come before all new ones: given back without being begun, or pulled to see how many there are. */
  #next: Item[] = [];
  /** Static schedule: the block of each rank that has not been handed out. */
  #blocks: Map<number, Item[]> | undefined;
  #pulled = 0;
  #closed = false;

  constructor(source: InputSource, journal: Journal | undefined, events: BacklogEvents) {
    this.#source = source;
    this.#journal = journal;
    this.#events = events;
  }

  /** Whether nothing is left to hand out, unless an input comes back. */
  get isEmpty(): boolean {
    return this.#source.ended && this.#next.length === 0 && this.#again.length === 0 && this.#blocksAreGone();
  }

  /** How many inputs are left, where their number is known. */
  get remaining(): number | undefined {
    const remaining = this.#source.ended ? 0 : this.#source.remaining;
    if (remaining === undefined) return undefined;
    let blocked = 0;
    for (const block of this.#blocks?.values() ?? []) blocked += block.length;
    return remaining + blocked + this.#again.length + this.#next.length;
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

  /** Takes an input that was at work on a rank when that rank was lost. */
  takeSuspect(): Item[] | undefined {
    return this.#takeAgain((item) => item.losses > 0);
  }

  /** Takes one input that is to be tried again, else up to `most` new ones. */
  take(most: number, suspects: boolean): Item[] {
    const again = this.#takeAgain((item) => suspects || item.losses === 0);
    if (again !== undefined) return again;
    const items = this.#next.splice(0, most);
    return items.length < most ? [...items, ...this.pull(most - items.length)] : items;
  }

  /** Pulls inputs until so many are there, to know whether they are the last ones. An input that takes long to make ends this. */
  peek(many: number): void {
    if (this.#source.ended || this.#closed) return;
    const until = performance.now() + peekMs;
    for (let some = 1; this.#next.length < many && performance.now() < until; some *= 2) {
      const items = this.pull(Math.min(some, many - this.#next.length));
      if (items.length === 0) break;
      this.#next.push(...items);
    }
    this.#source.expect?.(Math.min(many - this.#next.length, this.#events.room(this.#pulled)));
  }

  /** Takes back inputs whose tasks were not begun. They are the next ones, in the order of handing out. */
  putBack(items: readonly Item[]): void {
    this.#next = [...items, ...this.#next].sort((a, b) => a.at - b.at);
  }

  /** Takes an input whose task is to be tried again. */
  tryAgain(item: Item): void {
    this.#again.push(item);
  }

  /** Takes the next new inputs whose results the journal does not have. */
  pull(most: number): Item[] {
    const items: Item[] = [];
    while (items.length < most && !this.#closed) {
      const inputs = this.#source.take(Math.min(most - items.length, this.#events.room(this.#pulled)));
      if (inputs.length === 0) break;
      for (const input of inputs) {
        const item = this.#itemOf(this.#pulled++, input);
        if (item === "failed") break;
        if (item !== "known") items.push(item);
      }
    }
    return items;
  }

  /** Nothing more is pulled. `failed` gets what the source's own clean-up throws. */
  close(failed: (error: unknown) => void): void {
    this.#closed = true;
    this.#source.close(failed);
  }

  #itemOf(at: number, input: unknown): Item | "known" | "failed" {
    const journal = this.#journal;
    const index = this.#source.indexOf?.(at) ?? at;
    if (journal === undefined) return { index, at, input, digest: undefined, attempts: 0, losses: 0 };
    try {
      const digest = journal.digestOf(input);
      const known = journal.find(index, digest);
      if (known === undefined) return { index, at, input, digest, attempts: 0, losses: 0 };
      this.#events.known(index, known.value);
      return "known";
    } catch (error) {
      this.#events.failed(error);
      return "failed";
    }
  }

  #takeAgain(wanted: (item: Item) => boolean): Item[] | undefined {
    const at = this.#again.findIndex(wanted);
    return at < 0 ? undefined : this.#again.splice(at, 1);
  }

  #blocksAreGone(): boolean {
    for (const block of this.#blocks?.values() ?? []) if (block.length > 0) return false;
    return true;
  }
}
