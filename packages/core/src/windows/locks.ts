import type { Call } from "../calls/call.ts";
import { invalid } from "../calls/check.ts";
import type { MpiError } from "../calls/errors.ts";
import type { Accesses } from "../engine/accesses.ts";
import type { HeldLock } from "./face.ts";
import type { Held, LockTable } from "./lock-table.ts";
import { atOnce, pause } from "./pause.ts";
import type { Remote } from "./remote.ts";

/** A lock that is wanted. */
interface Wanted {
  readonly target: number;
  /** The target as a rank of the world. */
  readonly dest: number;
  /** The number of the target's part in the table of locks; -1 for one on another host. */
  readonly place: number;
  readonly shared: boolean;
  readonly signal: AbortSignal | undefined;
  /** Why the target has no lock any more. */
  refusal(): MpiError | undefined;
}

/** The locks of one rank in one window. */
export class Locks {
  readonly #accesses: Accesses;
  readonly #remote: Remote;
  readonly #table: LockTable;
  readonly #rank: number;
  /** The targets whose lock this rank has, or waits for. */
  readonly #taken: Map<number, Wanted> = new Map();
  #closed = false;

  constructor(accesses: Accesses, remote: Remote, table: LockTable, rank: number) {
    this.#accesses = accesses;
    this.#remote = remote;
    this.#table = table;
    this.#rank = rank;
  }

  lock(call: Call, wanted: Wanted): Promise<HeldLock> {
    const { target, dest, place, shared, signal } = wanted;
    if (this.#taken.has(target)) {
      throw invalid(`this rank has the lock of rank ${target}, or waits for it: release it first`);
    }
    this.#taken.set(target, wanted);
    // A free lock on this host takes a few instructions, and no promise more than the caller's.
    const now = place < 0 || signal?.aborted === true ? undefined : this.#table.tryAlone(place, this.#rank, shared);
    if (now !== undefined) return atOnce(new Lock(this, wanted, now.abandoned));
    const held = place < 0 ? this.#remote.lock(call, dest, shared, signal) : this.#wait(call, wanted);
    return held.then(
      ({ abandoned }) => new Lock(this, wanted, abandoned),
      (error) => {
        this.#taken.delete(target);
        throw error;
      },
    );
  }

  /** Gives back what this rank still has. */
  close(): void {
    this.#closed = true;
    for (const { place, shared } of this.#taken.values()) {
      if (place >= 0) this.#table.release(place, this.#rank, shared);
    }
    this.#taken.clear();
  }

  /** Waits for the lock of a part on this host: looks again and again, more and more seldom. */
  #wait(call: Call, { dest, place, shared, signal, refusal }: Wanted): Promise<Held> {
    const waiter = this.#accesses.wait(call, dest, signal);
    void this.#look(this.#table.attempt(place, this.#rank, shared), waiter, refusal);
    return waiter.promise as Promise<Held>;
  }

  async #look(
    attempt: ReturnType<LockTable["attempt"]>,
    waiter: ReturnType<Accesses["wait"]>,
    refusal: () => MpiError | undefined,
  ): Promise<void> {
    for (let look = 0; ; look++) {
      await pause(look);
      if (waiter.over || this.#closed) break;
      const refused = refusal();
      if (refused !== undefined) {
        this.#accesses.reject(waiter, refused);
        break;
      }
      const held = attempt.next();
      if (held === undefined) continue;
      this.#accesses.settle(waiter, held);
      return;
    }
    if (!this.#closed) attempt.giveUp();
  }

  release(wanted: Wanted): Promise<void> {
    const { target, dest, place, shared } = wanted;
    if (this.#taken.get(target) !== wanted) return done;
    this.#taken.delete(target);
    if (place >= 0) {
      this.#table.release(place, this.#rank, shared);
      return done;
    }
    const call: Call = { operation: "release", options: { target } };
    return this.#remote.flush(call, dest).then(() => this.#remote.unlock(call, dest, shared));
  }
}

class Lock implements HeldLock {
  readonly abandoned: boolean;
  readonly #locks: Locks;
  readonly #wanted: Wanted;

  constructor(locks: Locks, wanted: Wanted, abandoned: boolean) {
    this.#locks = locks;
    this.#wanted = wanted;
    this.abandoned = abandoned;
  }

  release(): Promise<void> {
    return this.#locks.release(this.#wanted);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

const done: Promise<void> = Promise.resolve();
