import { byteLength, encode } from "../wire/codec/codec.ts";
import { Claims, lastOffer, mostOffered, openOffers } from "./claims.ts";
import type { Item } from "./item.ts";
import type { Chunk, MapRun } from "./map-run.ts";

/** The memory in which ranks claim tasks, and the number of the next offer in it. One for each communicator. */
export interface ClaimMemory {
  readonly words: Int32Array;
  next: number;
}

/** Tasks that any rank may do. */
export interface Offer extends Chunk {
  readonly number: number;
}

interface Open extends Offer {
  readonly claims: Claims;
  /** Tasks without a result, but for those that rank 0 has claimed. */
  readonly missing: Set<number>;
}

/** Most bytes of inputs in one offer, which goes to every rank. */
const offerBytes = 256 * 1024;

/** Puts back what is too much for an offer, if all inputs are as large as the first. Nothing is left if the inputs are large. */
export function fewEnough(run: MapRun, items: Item[], ranks: number): Item[] {
  const most = Math.floor(offerBytes / bytesOf(items[0]?.input));
  if (items.length <= most) return items;
  const some = most < 2 * ranks ? 0 : most;
  if (some === 0) run.isTooLargeToOffer();
  run.putBack(items.slice(some));
  return items.slice(0, some);
}

/** Bytes of an encoded input. What cannot be encoded counts as small: encoding the offer will say so. */
function bytesOf(input: unknown): number {
  try {
    return Math.max(1, byteLength(encode(input)));
  } catch {
    return 1;
  }
}

/** What rank 0 has offered, and which results are missing. */
export class Offers {
  readonly #memory: ClaimMemory;
  readonly #rank: number;
  readonly #open: Set<Open> = new Set();

  /** @param rank rank 0, in the numbers of the claims */
  constructor(memory: ClaimMemory, rank: number) {
    this.#memory = memory;
    this.#rank = rank;
  }

  /** Whether a result of another rank is missing. */
  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  /** How many further tasks may be offered. The last offer must be half claimed, and the place of the next one free. */
  get room(): number {
    const { next } = this.#memory;
    if (next > lastOffer) return 0;
    for (const { number, claims, items } of this.#open) {
      if (number % openOffers === next % openOffers || claims.left > items.length / 2) return 0;
    }
    return mostOffered;
  }

  /** Whether some task can be claimed. */
  get hasLeft(): boolean {
    for (const { claims } of this.#open) if (claims.left > 0) return true;
    return false;
  }

  get nextNumber(): number {
    return this.#memory.next;
  }

  open({ run, items }: Chunk): Offer {
    const number = this.#memory.next++;
    const claims = new Claims(this.#memory.words, number, items.length);
    const offer = { number, run, items, claims, missing: new Set(items.keys()) };
    this.#open.add(offer);
    return offer;
  }

  /** The next task for rank 0 itself. */
  claim(): Chunk | undefined {
    for (const offer of this.#open) {
      const item = this.#claim(offer);
      if (item !== undefined) return { run: offer.run, items: [item] };
    }
    return undefined;
  }

  /** The task that this rank has claimed last and not answered. */
  atWork(rank: number): { task: string; index: number } | undefined {
    for (const { run, items, claims, missing } of this.#open) {
      const claimed = [...missing].findLast((task) => claims.ownerOf(task) === rank);
      if (claimed !== undefined) return { task: run.task, index: (items[claimed] as Item).index };
    }
    return undefined;
  }

  /** Another rank has answered these tasks. Returns those that were missing. */
  answered(number: number, tasks: readonly number[]): Chunk | undefined {
    for (const offer of this.#open) if (offer.number === number) return this.#remove(offer, tasks);
    return undefined;
  }

  /** A rank was lost. Returns what it had claimed. */
  lost(rank: number): Chunk[] {
    return [...this.#open].map((offer) =>
      this.#remove(
        offer,
        [...offer.missing].filter((task) => offer.claims.ownerOf(task) === rank),
      ),
    );
  }

  /** Takes back those of this run that no rank has claimed. */
  withdraw(run: MapRun): Item[] {
    return this.of(run).flatMap((offer) => {
      const items: Item[] = [];
      for (let item = this.#claim(offer); item !== undefined; item = this.#claim(offer)) items.push(item);
      return items;
    });
  }

  /** The offers of this run with missing results. */
  of(run: MapRun): Open[] {
    return [...this.#open].filter((offer) => offer.run === run);
  }

  #claim(offer: Open): Item | undefined {
    const task = offer.claims.claim(this.#rank);
    return task === undefined ? undefined : this.#remove(offer, [task]).items[0];
  }

  #remove(offer: Open, tasks: readonly number[]): Chunk {
    const { run, items, missing } = offer;
    const removed = tasks.filter((task) => missing.delete(task)).map((task) => items[task] as Item);
    if (missing.size === 0) this.#open.delete(offer);
    return { run, items: removed };
  }
}
