import type { Reducer } from "../../ops/op.ts";

/**
 * What goes on working when ranks of a communicator are gone and the job goes on without them (`tsmpi run --keep-going`).
 *
 * A call that waits for a rank that is gone rejects with `rank-failed`. So does a collective, on every rank that has not got its
 * result; a rank that has it keeps it, and finds out in its next call. `shrink` then gives a communicator of the ranks that are left.
 */
export interface RecoveryCalls {
  /**
   * The ranks of this communicator (intercommunicator: of the other group) that are known to be gone, in ascending order. Not the
   * same on all ranks at one moment; the same for all after `agree` and `shrink`.
   */
  readonly failed: readonly number[];

  /**
   * Ends the use of this communicator: calls that wait in it, on any rank, reject with `revoked`, and so do later ones. Only `agree`,
   * `shrink`, `failed` and `close` go on working. What was made from it ends with it: communicators, and the collectives of windows
   * and files; not what `shrink` gave. Not collective: one rank is enough.
   *
   * ```ts
   * const pair = await world.dup();
   * await pair.revoke();
   * const error = await pair.barrier().catch((error) => error);
   * error.code; // => "revoked"
   * ```
   * @throws MpiError `closed`; `aborted`, `rank-failed` when the job is being stopped
   */
  revoke(): Promise<void>;

  /**
   * Gives all ranks that are left the same answer: their values, combined in the order of ranks. All of them call it, whatever has
   * failed before, and whoever dies meanwhile. The value of a rank that dies after it has given it may count; if so, for all.
   *
   * Every agreement asks the launcher, so it takes longer than `allreduce`, which rejects when a rank is gone.
   *
   * ```ts
   * const converged = await world.agree(world.rank >= 0); // => true
   * const step = await world.agree(10 + world.rank, min); // => 10
   * ```
   * @param value a flag, a number, or another value of at most 4096 bytes
   * @param op as in `allreduce`; default `land`, true where all are true
   * @throws MpiError `mismatch` when ranks call different things; `invalid-argument`, `unserializable`, `closed`
   */
  agree<T>(value: T, op?: Reducer<T>): Promise<T>;
}
