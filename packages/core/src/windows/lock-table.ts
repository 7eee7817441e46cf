/**
 * The state of the parts of one host, in memory that its ranks share: which parts were let go, and who holds their locks.
 *
 * ```text
 * Int32 let go, of each part | Int32 rank + 1 of the exclusive holder, of each part | Int8 shared holders, of each part and rank
 * ```
 * A holder is known by its rank, so that the lock of a rank that has died can be taken away. An exclusive lock is taken in two steps:
 * first the word, which keeps new shared holders out, then those that are there have to leave.
 */
export class LockTable {
  readonly #letGo: Int32Array;
  readonly #owners: Int32Array;
  readonly #holders: Int8Array;
  readonly #ranks: number;
  readonly #hasEnded: (rank: number) => boolean;

  static bytes(parts: number, ranks: number): number {
    return 8 * parts + parts * ranks;
  }

  /**
   * @param ranks number of ranks that may hold a lock
   * @param hasEnded whether the process of a rank has ended
   */
  constructor(memory: Uint8Array<ArrayBuffer>, parts: number, ranks: number, hasEnded: (rank: number) => boolean) {
    const { buffer, byteOffset } = memory;
    this.#letGo = new Int32Array(buffer, byteOffset, parts);
    this.#owners = new Int32Array(buffer, byteOffset + 4 * parts, parts);
    this.#holders = new Int8Array(buffer, byteOffset + 8 * parts, parts * ranks);
    this.#ranks = ranks;
    this.#hasEnded = hasEnded;
  }

  /** A full barrier of memory. */
  order(): void {
    Atomics.add(this.#letGo, 0, 0);
  }

  isLetGo(part: number): boolean {
    return Atomics.load(this.#letGo, part) !== 0;
  }

  letGo(part: number): void {
    Atomics.store(this.#letGo, part, 1);
  }

  /** A lock that `rank` wants; call {@link Attempt.next} until it gives something. */
  attempt(part: number, rank: number, shared: boolean): Attempt {
    let owns = false;
    let abandoned = false;
    const own = (): boolean => {
      const taken = this.#own(part, rank);
      abandoned ||= taken === "abandoned";
      return taken !== undefined;
    };
    const next = (): Held | undefined => {
      if (shared) return this.#join(part, rank);
      owns ||= own();
      return owns && this.#isAlone(part) ? { abandoned } : undefined;
    };
    const giveUp = (): void => {
      if (owns) this.release(part, rank, false);
    };
    return { next, giveUp };
  }

  /** The lock, if no other rank has it or had it: the usual case, without an {@link Attempt}. */
  tryAlone(part: number, rank: number, shared: boolean): Held | undefined {
    if (shared) return this.#join(part, rank);
    if (Atomics.compareExchange(this.#owners, part, 0, rank + 1) !== 0) return undefined;
    if (this.#isAlone(part)) return free;
    this.release(part, rank, false);
    return undefined;
  }

  release(part: number, rank: number, shared: boolean): void {
    if (shared) Atomics.store(this.#holders, part * this.#ranks + rank, 0);
    else Atomics.compareExchange(this.#owners, part, rank + 1, 0);
  }

  #own(part: number, rank: number): "taken" | "abandoned" | undefined {
    const owner = Atomics.compareExchange(this.#owners, part, 0, rank + 1);
    if (owner === 0) return "taken";
    if (!this.#hasEnded(owner - 1)) return undefined;
    return Atomics.compareExchange(this.#owners, part, owner, rank + 1) === owner ? "abandoned" : undefined;
  }

  #isAlone(part: number): boolean {
    const first = part * this.#ranks;
    for (let rank = 0; rank < this.#ranks; rank++) {
      if (Atomics.load(this.#holders, first + rank) !== 0 && !this.#hasEnded(rank)) return false;
    }
    return true;
  }

  /** The holder says first that it is there, then looks for an exclusive owner, who does both the other way round. */
  #join(part: number, rank: number): Held | undefined {
    const at = part * this.#ranks + rank;
    Atomics.store(this.#holders, at, 1);
    const owner = Atomics.load(this.#owners, part);
    if (owner === 0) return free;
    if (this.#hasEnded(owner - 1) && Atomics.compareExchange(this.#owners, part, owner, 0) === owner) {
      return { abandoned: true };
    }
    Atomics.store(this.#holders, at, 0);
    return undefined;
  }
}

/** What a rank learns when it gets a lock. */
export interface Held {
  /** The last exclusive holder died with it. */
  readonly abandoned: boolean;
}

/** A rank tries to get a lock. */
export interface Attempt {
  /** The lock, if it is free now. */
  next(): Held | undefined;
  giveUp(): void;
}

const free: Held = { abandoned: false };
