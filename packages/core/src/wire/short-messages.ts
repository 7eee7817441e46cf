import type { Elements } from "../calls/regions/block.ts";
import type { ShortValue } from "./codec/codec.ts";

/**
 * The shortest way for small messages between two ranks that share memory: no envelope object, no packet, no queue. A
 * message that cannot go this way goes the usual one, and both may follow each other in any order.
 */
export interface ShortSender {
  /** Writes a user's message from rank `source` of the world; false, and nothing is done, where it has to wait. */
  sendShort(context: number, source: number, tag: number, sequence: number, value: ShortValue, bytes: number): boolean;
}

export interface ShortReceiver {
  /**
   * Polls some microseconds for a packet, and takes it if it is a small message of this context with this tag (-1: any)
   * and this sequence number. Returns its value (`into` if that is given and was filled), or {@link notThere}.
   */
  receiveShort(context: number, tag: number, sequence: number, into: Elements | undefined): unknown;
  /** The size of the message that was taken last, as its envelope would say. */
  readonly shortBytes: number;
}

/** The next packet is not there, or goes the usual way. */
export const notThere: unique symbol = Symbol("not there");
