import type { Call } from "../calls/call.ts";
import { invalid } from "../calls/check.ts";
import type { MpiError } from "../calls/errors.ts";
import type { Accesses } from "../engine/accesses.ts";
import type { HeldLock } from "./face.ts";
import type { Held, LockTable } from "./lock-table.ts";
import { pause } from "./pause.ts";
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

  async lock(call: Call, wanted: Wanted): Promise<HeldLock> {
    const { target, dest, place, shared, signal } = wanted;
    if (this.#taken.has(target)) {
      throw invalid(`this rank has the lock of rank ${target}, or waits for it: release it first`);
    }
    this.#taken.set(target, wanted);
    try {
      const { abandoned } =
        place < 0 ? await this.#remote.lock(call, dest, shared, signal) : await this.#here(call, wanted);
      let released: Promise<void> | undefined;
      const release = (): Promise<void> => {
        released ??= this.#release(wanted);
        return released;
      };
      return { abandoned, release, [Symbol.asyncDispose]: release };
    } catch (error) {
      this.#taken.delete(target);
      throw error;
    }
  }

  /** Gives back what this rank still has. */
  close(): void {
    this.#closed = true;
    for (const { place, shared } of this.#taken.values()) {
      if (place >= 0) this.#table.release(place, this.#rank, shared);
    }
    this.#taken.clear();
  }

  /** Takes the lock of a part on this host. A rank that does not get it at once looks again and again, more and more seldom. */
  async #here(call: Call, { dest, place, shared, signal, refusal }: Wanted): Promise<Held> {
    const attempt = this.#table.attempt(place, this.#rank, shared);
    const now = attempt.next();
    if (now !== undefined && signal?.aborted !== true) return now;
    const waiter = this.#accesses.wait(call, dest, signal);
    void this.#look(attempt, waiter, refusal);
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

  async #release({ target, dest, place, shared }: Wanted): Promise<void> {
    if (!this.#taken.delete(target)) return;
    const call: Call = { operation: "release", options: { target } };
    if (place < 0) {
      await this.#remote.flush(call, dest);
      await this.#remote.unlock(call, dest, shared);
    } else this.#table.release(place, this.#rank, shared);
  }
}
