import type { Board } from "./board.ts";
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
  /**
   * Looks at what it waits for on boards. True when something came of it. Asked at every look at what has arrived, and
   * once more after whoever posts has been told that this rank sleeps.
   */
  pollBoards(sleeps: boolean): boolean;
  /** Whether some call waits. What nobody waits for is better off where it is than copied. */
  readonly waiting: boolean;
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
  /** Messages with at most this many bytes are copied and sent at once; `send` of larger ones waits until they are matched. */
  readonly eagerBytes: number;
  /**
   * Whether a larger one to that rank is better sent at once, lent, than announced: where an answer takes as long as its
   * bytes do.
   */
  sendsAhead?(dest: number, bytes: number): boolean;
  /** True when it is known that nobody has ever sent this rank anything. */
  readonly silent?: boolean;
  /**
   * The board of a communicator, whose number and ranks in the world these are; undefined unless they all share memory
   * with this one. All of them get the same answer.
   */
  board?(context: number, members: readonly number[]): Board | undefined;
  /**
   * Looks for some microseconds, right now, at what can still be waited for if this gives false. With a rank of the world
   * (below 0: any) also for packets, of which some from that one are hoped for.
   */
  linger?(watch: Watch, source?: number): boolean;
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

/** Something to be waited for. */
export interface Watch {
  /** Looks, and does what can be done now; true when that was the last of it. `sleeps`: it will not look again until woken. */
  advance(sleeps: boolean): boolean;
}
