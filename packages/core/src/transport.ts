import type { Envelope } from "./envelope.ts";
import type { Packet } from "./packet.ts";

/** Who takes what arrives at a transport. */
export interface Receiver {
  /**
   * A packet arrived. The bytes are the receiver's own from now on; if `borrowed`, they are valid until this returns,
   * and what is kept has to be copied.
   */
  packet(envelope: Envelope, body: Packet, borrowed: boolean): void;
  /** Where the only attachment, of so many bytes, of the payload with this head is wanted; undefined for anywhere. */
  landing(envelope: Envelope, head: Uint8Array, bytes: number): Uint8Array | undefined;
  /** The transport can go on no more (a peer that speaks another protocol, a broken link). */
  failed(error: Error): void;
}

/**
 * Carries packets between the ranks of one world, in order for each pair of ranks, losing none and copying none twice.
 *
 * | call | contract |
 * | --- | --- |
 * | `send` | never waits; attachments that are `lent` stay unchanged until the receiver has answered, others may change when it returns |
 * | `listen` | arrivals are reported only while somebody wants them, so that a rank with nothing to wait for can end |
 * | `flush` | what was sent has left this process, or can reach nobody any more |
 * | `close` | bounded and idempotent; nothing is reported afterwards |
 *
 * Every implementation passes `test/conformance`.
 */
export interface Transport {
  /** For messages and `--verbose`: "memory", "zeromq". */
  readonly name: string;
  /** Messages with at most this many bytes are copied and sent at once; larger ones wait until they are matched. */
  readonly eagerBytes: number;
  /** True when it is known that nobody has ever sent this rank anything. */
  readonly silent?: boolean;
  /** Who takes the arrivals; the engine sets it before it listens. */
  receiver: Receiver | undefined;
  /** Hands a packet to rank `dest` of the world (never this rank itself). */
  send(dest: number, envelope: Envelope, body: Packet, lent: boolean): void;
  /** Starts (true) or stops (false) reporting arrivals. While started, the process stays alive. */
  listen(wanted: boolean): void;
  /** Resolves when nothing of ours is left to hand over, after `timeoutMs` at the latest. */
  flush(timeoutMs: number): Promise<void>;
  /** Hands over what is still queued without waiting; for `process.exit()`. */
  flushSync(): void;
  close(): Promise<void>;
}
