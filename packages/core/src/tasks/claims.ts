/** How many offers can be open at once, and how many tasks each may have. */
export const openOffers = 2;
export const mostOffered = 1024;
/** Size of the memory that the ranks share for this. */
export const claimWords: number = openOffers * mostOffered;

/** Offers are numbered from 1. After this many, no more are made. */
export const lastOffer: number = 2 ** 22;

/**
 * Who does which task of an offer, in memory that the ranks share: one word for each task. A rank that is free claims the first
 * task that nobody has. It needs no message for that, so it does not matter that rank 0 computes meanwhile.
 *
 * ```text
 *   task     0    1    2    3    4    5
 *   word     7·0  7·2  7·1  7·2  6·1  .      offer 7: rank 0 has task 0, rank 2 has 1 and 3, rank 1 has 2; the others are free
 *                                └ of an earlier offer in the same place
 * ```
 * A word is `256 * offer + rank + 1`. It is only changed by compare-and-swap, so whoever claims a task is its owner, also if that
 * rank is lost in the next moment. What an earlier offer has left counts as free: offers take the place of those whose tasks all
 * have owners.
 */
export class Claims {
  readonly #words: Int32Array;
  readonly #free: number;
  readonly #count: number;
  /** Tasks before this one have owners. */
  #next = 0;

  /** @param words memory of {@link claimWords} words, zero at first */
  constructor(words: Int32Array, offer: number, count: number) {
    const area = (offer % openOffers) * mostOffered;
    this.#words = words.subarray(area, area + count);
    this.#free = 256 * offer;
    this.#count = count;
  }

  /** Claims the next task for this rank. Undefined when all have owners. */
  claim(rank: number): number | undefined {
    while (this.#next < this.#count) if (this.#take(rank, this.#next++)) return this.#next - 1;
    return undefined;
  }

  /** How many tasks have no owner. */
  get left(): number {
    while (this.#next < this.#count && this.ownerOf(this.#next) !== undefined) this.#next++;
    return this.#count - this.#next;
  }

  /** The rank that has claimed this task. */
  ownerOf(task: number): number | undefined {
    const word = Atomics.load(this.#words, task);
    return word > this.#free ? word - this.#free - 1 : undefined;
  }

  #take(rank: number, task: number): boolean {
    const words = this.#words;
    const word = Atomics.load(words, task);
    return word <= this.#free && Atomics.compareExchange(words, task, word, this.#free + rank + 1) === word;
  }
}
