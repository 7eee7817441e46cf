import { siteOf } from "../calls/call-site.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { warn } from "../calls/warning.ts";
import { chunks } from "./chunks.ts";
import type { Source } from "./inputs.ts";
import type { Journal } from "./journal.ts";
import type { Settings } from "./map-options.ts";
import type { Outcome } from "./outcome.ts";
import type { Tally } from "./progress-meter.ts";
import type { Sink } from "./results.ts";
import { chunkSize, depth, type Pace } from "./schedule.ts";
import { taskError } from "./task-error.ts";

/** One input on its way to its result. */
export interface Item {
  readonly index: number;
  readonly input: unknown;
  readonly digest: Buffer | undefined;
  /** How often it was begun, and how many ranks were lost with it. */
  attempts: number;
  losses: number;
}

/** Inputs that go to one rank together. */
export interface Chunk {
  readonly job: Job;
  readonly items: readonly Item[];
}

/** Where a task ran. */
export interface Place {
  rank: number;
  host: string;
}

/** Watches the tasks of a job. */
export interface Observer {
  /** A rank, of the ranks that work together, is given this one. */
  begins(item: Item, rank: number): void;
  done(item: Item, value: unknown, place: Place | undefined): void;
  /** It has failed for good. */
  failed(item: Item, error: unknown, place: Place | undefined): void;
}

/** A task that was at work on this many ranks when they were lost is taken for the cause. */
const mostLosses = 3;

export interface JobParts {
  task: string;
  spread: boolean;
  settings: Settings;
  source: Source;
  sink: Sink;
  tally: Tally;
  journal: Journal | undefined;
  /** Under `--check`. */
  observer?: Observer;
  /** Where the user's call stands. */
  site: string;
  /** Called when a job that had handed out everything has something to hand out again. */
  returned: (job: Job) => void;
}

/** One list of inputs, from the first chunk handed out to the last result. */
export class Job {
  readonly task: string;
  readonly spread: boolean;
  readonly timeoutMs: number | undefined;
  readonly settings: Settings;
  /** Resolves when every input has its result; rejects with the reason why some never will. */
  readonly finished: Promise<void>;
  readonly #parts: JobParts;
  /** Inputs to be tried again, one by one: one of them may be what its rank died of. */
  readonly #again: Item[] = [];
  /** Of the static schedule: what is still to be given to each rank. */
  #blocks: Map<number, Item[]> | undefined;
  #pulled = 0;
  #underWay = 0;
  #stop: { error: unknown } | undefined;
  #over = false;
  #finish!: () => void;
  #fail!: (error: unknown) => void;

  constructor(parts: JobParts) {
    this.task = parts.task;
    this.spread = parts.spread;
    this.settings = parts.settings;
    this.timeoutMs = parts.settings.timeoutMs;
    this.#parts = parts;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.finished.catch(() => {}); // whoever awaits it hears of it
    parts.tally.total = parts.source.remaining;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether nothing of it begins any more. */
  get halted(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether it hands out nothing more, unless something that is under way comes back. */
  get spent(): boolean {
    if (this.#over || this.#stop !== undefined) return true;
    return this.#parts.source.ended && this.#again.length === 0 && this.#blocksAreGone();
  }

  /** Inputs that have not been handed out, where their number is known. */
  get remaining(): number | undefined {
    const { remaining } = this.#parts.source;
    if (remaining === undefined) return undefined;
    let blocked = 0;
    for (const block of this.#blocks?.values() ?? []) blocked += block.length;
    return remaining + blocked + this.#again.length;
  }

  /** Gives each of these ranks a block of its own. */
  divide(ranks: readonly number[]): void {
    const items = this.#pull(this.#parts.source.remaining ?? 0);
    const parts = chunks(items, ranks.length);
    this.#blocks = new Map(ranks.map((rank, i) => [rank, parts[i] as Item[]]));
    this.settleIfDone();
  }

  /** Gives each rank these items, and nothing else. */
  assign(blocks: Map<number, Item[]>): void {
    this.#blocks = blocks;
    this.settleIfDone();
  }

  /**
   * What a rank that has `held` chunks is to do next. Empty when this job has nothing for it now; undefined when the rank has
   * enough work, so that other jobs of the same task need not be asked.
   */
  take(rank: number, held: number, known: Omit<Pace, "remaining" | "lookAhead">): Item[] | undefined {
    if (this.#over || this.#stop !== undefined) return [];
    const block = this.#block(rank);
    if (block !== undefined) return this.#begin(block, rank);
    // Nothing else shall be lost with a suspect.
    const suspect = held === 0 ? this.#again.findIndex((item) => item.losses > 0) : -1;
    if (suspect >= 0) return this.#begin(this.#again.splice(suspect, 1), rank);
    const { chunkSize: fixed, lookAhead } = this.settings;
    const pace: Pace = { ...known, remaining: this.remaining, lookAhead };
    const size = fixed ?? chunkSize(pace);
    return held < depth(size, pace) ? this.#next(size, rank) : undefined;
  }

  /**
   * Like {@link take} for rank 0 itself, which needs no messages: at most so many inputs. It leaves tasks that a rank was
   * lost with to others while there are any, for with rank 0 all would be lost.
   */
  takeOwn(rank: number, most: number, alone: boolean): Item[] {
    if (this.#over || this.#stop !== undefined) return [];
    const block = this.#block(rank);
    return block === undefined ? this.#next(most, rank, alone) : this.#begin(block, rank);
  }

  /** How the next of a rank's tasks ended. */
  settle(item: Item, outcome: Outcome, place: Place | undefined): void {
    if (this.#over) return;
    this.#underWay -= 1;
    if (outcome.ok) {
      this.#parts.observer?.done(item, outcome.value, place);
      this.#put(item, outcome.value);
    } else if (item.attempts <= this.settings.retries + item.losses && place !== undefined) {
      this.#takeBack([item]);
    } else {
      this.#refuse(item, outcome.error, place);
    }
    this.settleIfDone();
  }

  /** A rank was lost with these: of the first ones it may have died, the others were not begun. */
  lost(items: readonly Item[], begun: boolean, error: MpiError, place: Place): void {
    if (this.#over) return;
    for (const item of items) {
      this.#underWay -= 1;
      if (!begun) item.attempts -= 1;
      else item.losses += 1;
      if (item.losses >= mostLosses) this.#refuse(item, deadly(error), place);
      else this.#takeBack([item]);
    }
    this.settleIfDone();
  }

  /** They were not begun. */
  putBack(items: readonly Item[]): void {
    this.#underWay -= items.length;
    for (const item of items) item.attempts -= 1;
    this.#takeBack(items);
    this.settleIfDone();
  }

  /** A rank was lost that had not taken its block. */
  forget(rank: number): void {
    const block = this.#blocks?.get(rank);
    this.#blocks?.delete(rank);
    if (block !== undefined) this.#takeBack(block);
  }

  /** Hands out no more; what is under way comes to its end, and then the job fails with this. */
  halt(error: unknown): void {
    this.#stop ??= { error };
    this.settleIfDone();
  }

  /** Ends it now, whatever is under way. */
  cancel(error: unknown): void {
    this.#end({ error });
  }

  /** Ends it when nothing is under way and nothing more will be. */
  settleIfDone(): void {
    if (this.#over || this.#underWay > 0) return;
    const { source } = this.#parts;
    if (this.#stop !== undefined) this.#end(this.#stop);
    else if (this.spent) this.#end(source.broken);
  }

  #takeBack(items: readonly Item[]): void {
    this.#again.push(...items);
    this.#parts.returned(this);
  }

  #block(rank: number): Item[] | undefined {
    const block = this.#blocks?.get(rank);
    this.#blocks?.delete(rank);
    return block?.length === 0 ? undefined : block;
  }

  #next(most: number, rank: number, suspects = false): Item[] {
    const again = this.#again.findIndex((item) => suspects || item.losses === 0);
    if (again >= 0) return this.#begin(this.#again.splice(again, 1), rank);
    const items = this.#begin(this.#pull(most), rank);
    this.settleIfDone();
    return items;
  }

  #begin(items: Item[], rank: number): Item[] {
    const { observer } = this.#parts;
    this.#underWay += items.length;
    for (const item of items) item.attempts += 1;
    if (observer !== undefined) for (const item of items) observer.begins(item, rank);
    return items;
  }

  /** The next inputs whose results the journal does not have. */
  #pull(most: number): Item[] {
    const { source, journal, tally } = this.#parts;
    const items: Item[] = [];
    while (items.length < most && !this.#over) {
      const inputs = source.take(Math.min(most - items.length, this.#room));
      if (inputs.length === 0) break;
      for (const input of inputs) {
        const index = this.#pulled++;
        const item: Item = { index, input, digest: undefined, attempts: 0, losses: 0 };
        if (journal === undefined) {
          items.push(item);
          continue;
        }
        try {
          const digest = journal.digestOf(input);
          const known = journal.find(index, digest);
          if (known === undefined) {
            items.push({ ...item, digest });
            continue;
          }
          tally.count("known");
          this.#parts.sink.put(index, known.value);
        } catch (error) {
          this.#end({ error });
          break;
        }
      }
    }
    return items;
  }

  /** How many further inputs may be made. */
  get #room(): number {
    const { source, sink, settings } = this.#parts;
    return source.lazy ? Math.max(0, settings.lookAhead - (this.#pulled - sink.consumed)) : Number.POSITIVE_INFINITY;
  }

  #put({ index, digest }: Item, value: unknown): void {
    try {
      if (digest !== undefined) this.#parts.journal?.add(index, digest, value);
    } catch (error) {
      this.#end({ error });
      return;
    }
    this.#parts.tally.count("done");
    this.#parts.sink.put(index, value);
  }

  #refuse(item: Item, thrown: unknown, place: Place | undefined): void {
    const { index, attempts } = item;
    const { task, tally, sink, site, observer } = this.#parts;
    observer?.failed(item, thrown, place);
    const error = taskError(thrown, { task, index, rank: place?.rank, host: place?.host, attempts }, site);
    tally.count("failed");
    if (!sink.refuse(index, error)) this.#end({ error });
  }

  #blocksAreGone(): boolean {
    for (const block of this.#blocks?.values() ?? []) if (block.length > 0) return false;
    return true;
  }

  /** Ends it, with an error when there is a reason. Whatever was thrown is one, `undefined` too. */
  #end(reason?: { error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    const { source, journal, tally, sink, site } = this.#parts;
    let why = reason;
    const failed = (error: unknown): void => {
      if (why === undefined) why = { error };
      else
        warn(`${siteOf(site) ?? this.task}: the clean-up of this call's inputs or journal failed: ${messageOf(error)}`);
    };
    source.close(failed);
    try {
      journal?.close();
    } catch (error) {
      failed(error);
    }
    tally.finish();
    sink.end(why);
    if (why === undefined) this.#finish();
    else this.#fail(why.error);
  }
}

function deadly({ message }: MpiError): MpiError {
  return new MpiError("rank-failed", `it was at work on ${mostLosses} ranks when they were lost; the last: ${message}`);
}
