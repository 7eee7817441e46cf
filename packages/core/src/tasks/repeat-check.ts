import { onAbort } from "../calls/abort.ts";
import { siteOf } from "../calls/call-site.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { randomFrom } from "../calls/random.ts";
import { copy } from "../wire/codec/codec.ts";
import { sourceOf } from "./input-source.ts";
import type { Item, Observer, Place } from "./item.ts";
import { MapRun, type MapRunParts } from "./map-run.ts";
import { ProgressMeter, type WorkerCounts } from "./progress-meter.ts";
import { sameResult } from "./same-result.ts";
import type { TaskGroup } from "./task-group.ts";

/** Of the tasks of a call so many are done again, besides the first one of each rank. */
const most = 10;
const mostOfAll = 0.1;

/** What came of a task the first time, and where. */
interface First {
  readonly result: unknown;
  readonly place: Place;
}

/** Which of a call's tasks are done again. Calls of one line share their sample: a thousand `run()` are not done twice. */
class Sample {
  /** The same ones in each run of a program, as far as ranks get the same tasks. */
  readonly #random = randomFrom(1);
  readonly #ranks: Set<number> = new Set();
  #begun = 0;
  #picked = 0;

  /** Whether the next task of this rank is one, of so many that there will be (undefined: nobody knows). */
  picks(rank: number, total: number | undefined): boolean {
    this.#begun++;
    if (!this.#ranks.has(rank)) {
      this.#ranks.add(rank);
      return true;
    }
    if (this.#picked >= Math.min(most, mostOfAll * this.#begun)) return false;
    const share = total === undefined ? mostOfAll : Math.min(mostOfAll, most / Math.max(total, 1));
    if (this.#random() >= share) return false;
    this.#picked++;
    return true;
  }
}

/** Who does tasks, seen from here: the dispatcher. */
interface Workers extends WorkerCounts {
  /** The ranks that can be given work now. */
  readonly free: readonly number[];
  add(run: MapRun): void;
}

/**
 * Under `--check`: does some tasks of each call again, on another rank, and compares the results. They differ where a
 * variable outside of the task differs from rank to rank.
 *
 * ```text
 *   the call's job ── has ended well ──► a job of its sampled tasks, each for another rank ──► compared
 * ```
 * The results that the call gives are those of the first time. Inputs and results are kept as copies: the program may
 * change its own. Costs at most one task more for each rank, and ten besides.
 */
export class RepeatCheck {
  readonly #group: TaskGroup;
  readonly #workers: Workers;
  readonly #samples: Map<string, Sample> = new Map();
  #turns = 0;

  constructor(group: TaskGroup, workers: Workers) {
    this.#group = group;
    this.#workers = workers;
  }

  /** A job of these parts that is watched, and some of whose tasks are done again when it has ended well. */
  watched(parts: MapRunParts): MapRun {
    const site = siteOf(parts.site) ?? parts.task;
    const total = parts.source.remaining;
    const sample = this.#sample(`${site} ${parts.task}`);
    const inputs = new Map<number, unknown>();
    const firsts = new Map<number, First>();
    const observer: Observer = {
      begins: ({ index, input }, rank) => {
        if (!inputs.has(index) && sample.picks(rank, total)) keep(inputs, index, input, (own) => own);
      },
      done: ({ index }, result, place) => {
        if (place !== undefined && inputs.has(index)) keep(firsts, index, result, (own) => ({ result: own, place }));
      },
      failed: () => {},
    };
    const run = new MapRun({ ...parts, observer });
    run.finished.then(
      () => this.#again(parts, site, inputs, firsts),
      () => {},
    );
    return run;
  }

  #sample(line: string): Sample {
    const sample = this.#samples.get(line) ?? new Sample();
    this.#samples.set(line, sample);
    return sample;
  }

  #again(
    parts: MapRunParts,
    site: string,
    inputs: ReadonlyMap<number, unknown>,
    firsts: ReadonlyMap<number, First>,
  ): void {
    const { signal, checking } = this.#group;
    const ranks = this.#workers.free;
    if (checking === undefined || checking.toldOf.has(site) || firsts.size === 0 || ranks.length < 2 || signal.aborted)
      return;
    const blocks = new Map<number, Item[]>(ranks.map((rank) => [rank, []]));
    for (const [index, { place }] of firsts) {
      const item = { index, input: inputs.get(index), digest: undefined, attempts: 0, losses: 0 };
      blocks.get(this.#another(ranks, place))?.push(item);
    }
    const tell = (what: string, index: number): void => {
      if (checking.toldOf.has(site)) return;
      checking.toldOf.add(site);
      checking.report(`${site}: task ${parts.task} ${what} for input ${index}: ${guess}`);
    };
    const observer: Observer = {
      begins: () => {},
      done: ({ index }, result, place) => {
        const first = firsts.get(index);
        if (first === undefined || place === undefined || sameResult(first.result, result)) return;
        tell(`gave another result on rank ${place.rank} than on rank ${first.place.rank}`, index);
      },
      failed: ({ index }, error, place) => {
        const first = firsts.get(index);
        if (first === undefined || place === undefined || isOurs(error)) return;
        tell(`failed on rank ${place.rank} and not on rank ${first.place.rank} (${messageOf(error)})`, index);
      },
    };
    const run = new MapRun({
      ...parts,
      settings: { ...parts.settings, schedule: "static" }, // each block is for its rank alone
      source: sourceOf([], () => {}),
      sink: unused,
      meter: new ProgressMeter(parts.task, this.#workers, undefined),
      journal: undefined,
      observer,
    });
    run.assign(blocks);
    const forget = onAbort(parts.settings.signal, () => run.cancel(new MpiError("aborted", "cancelled")));
    run.finished.then(forget, forget);
    this.#workers.add(run);
  }

  /** The next rank after this one, and each time the one after that: two ranks may have the same wrong value. */
  #another(ranks: readonly number[], { rank }: Place): number {
    const others = ranks.filter((each) => this.#group.members[each] !== rank);
    const next = Math.max(
      0,
      ranks.findIndex((each) => this.#group.members[each] === rank),
    );
    return others[(next + this.#turns++) % others.length] as number;
  }
}

const guess = "a captured variable that differs from rank to rank? (or it is random, or has effects)";

/** Keeps a copy of a value; nothing of one that cannot travel, for the task fails then. */
function keep<T>(kept: Map<number, T>, index: number, value: unknown, as: (own: unknown) => T): void {
  try {
    kept.set(index, as(copy(value)));
  } catch {}
}

/** Out of time, cancelled, or a rank was lost: nothing that the task's result depends on. */
function isOurs(error: unknown): boolean {
  return error instanceof MpiError && (error.code === "aborted" || error.code === "rank-failed");
}

const unused = { consumed: 0, put: () => {}, refuse: () => true, end: () => {} };
