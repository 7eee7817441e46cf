import type { Parcel } from "./codec/codec.ts";

/**
 * All that a collective knows of the world: the ranks of one communicator, seen by one of them, during one call.
 *
 * A collective never sees sockets, tags or the user's own messages. Messages between two ranks arrive in the order
 * sent. `send` resolves when the value may be changed, not when it was received. Whatever fails (here or on another
 * rank) makes the pending calls reject, so algorithms need no error handling of their own.
 */
export interface Peers {
  readonly rank: number;
  readonly size: number;
  /** `hosts[r]` is the index of the host on which rank r runs: ranks with equal numbers share a host. */
  readonly hosts: readonly number[];
  /** Sends an encoded value. A parcel may be sent to any number of ranks: it is encoded once. */
  send(dest: number, parcel: Parcel): Promise<void>;
  /** The next parcel from `source` in this call. Forward it as it is, or decode it. */
  recv(source: number): Promise<Parcel>;
}
