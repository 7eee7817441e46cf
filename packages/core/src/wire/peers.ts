import type { Elements } from "../calls/regions/block.ts";
import type { Parcel } from "./codec/codec.ts";

/**
 * All that a collective knows of the world: the ranks of one communicator, as one of them sees them during one call.
 *
 * A collective never sees sockets, tags or the user's messages. Messages between two ranks arrive in the order sent.
 * `send` resolves when the value may be changed, not when it was received. A failure here or on another rank rejects
 * the pending calls, so algorithms need no error handling of their own.
 */
export interface Peers {
  readonly rank: number;
  readonly size: number;
  /** `hosts[r]` is the index of the host on which rank r runs: ranks with equal numbers share a host. */
  readonly hosts: readonly number[];
  /** Sends an encoded value. A parcel is encoded once and may be sent to any number of ranks. */
  send(dest: number, parcel: Parcel): Promise<void>;
  /** The next parcel from `source` in this call. Forward it as it is, or decode it. */
  recv(source: number): Promise<Parcel>;
  /**
   * What `use` makes of the next parcel from `source`. The parcel may lie in the transport's memory, which is reused when
   * `use` returns: this saves the copy of a parcel that is only read. The rejection needs no handler of its own.
   *
   * The bytes of an array may land in `into` at once; `decodeInto` finds out.
   */
  take<T>(source: number, use: (parcel: Parcel) => T, into?: Elements): Promise<T>;
}
