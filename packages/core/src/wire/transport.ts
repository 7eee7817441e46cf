import type { Envelope } from "./envelope.ts";
import type { Memory, Packet } from "./packet.ts";

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
  /** For messages and `--verbose`: "memory", "zeromq". */
  readonly name: string;
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

/** Where an attachment of so many bytes, of a packet with this head, is wanted; undefined for anywhere. */
export type Landing = (head: Uint8Array, bytes: number) => Uint8Array | undefined;

/**
 * Memory in which the ranks of a communicator post what they have for its collectives, and read what the others have,
 * without a message. Ranks are those of the communicator. Each collective has two steps, and a post for each: a post's
 * number is twice that of its collective, and one more in the second step.
 *
 * A post can be read from {@link has} on until this rank says that it is {@link done} with the collective.
 */
export interface Board {
  /** This rank is about to sleep: it is woken when somebody posts, or is done with a collective. */
  sleep(): void;
  /** Whether this rank's post can be written now; if not, `slowest` is a rank that still needs an earlier one. */
  hasRoom(number: number): boolean;
  readonly slowest: number;
  /** Whether a post can hold these parts. */
  fits(parts: readonly Packet[]): boolean;
  /** What it posts are the parts' heads: they have no attachments. */
  post(number: number, signature: number, kind: number, parts: readonly Packet[]): void;
  /**
   * Posts one value for each other rank; this one's own stays out. `write` puts one there as a part's head and gives where
   * it ends, or -1 if it cannot: false then, and nothing is posted.
   */
  postValues(number: number, signature: number, kind: number, values: readonly unknown[], write: WriteValue): boolean;
  /** Whether packets can stay where they are, for the others to fetch them there: then parts {@link describe} them. */
  readonly lends: boolean;
  describe(packet: Packet): Packet;
  has(rank: number, number: number): boolean;
  signatureOf(rank: number, number: number): number;
  kindOf(rank: number, number: number): number;
  /** Of a post with one part that one, whatever the index. Shown where it is. */
  part(rank: number, number: number, index: number): Packet;
  /** A packet that has stayed where it was, in memory of its own. */
  fetch(rank: number, number: number, index: number, landing: Landing): Packet;
  /** Of a packet that stays where it is: its head and the bytes of its only attachment, if it has one. */
  lent(rank: number, number: number, index: number): { head: Uint8Array; bytes: number } | undefined;
  /** What this rank has posted for this collective is not to be read any more: {@link has} gives false for it. */
  withdraw(collective: number): void;
  /** This rank needs nothing that was posted for this collective any more. */
  done(collective: number): void;
  /** Whether that rank has said so. */
  isThrough(rank: number, collective: number): boolean;
  /** This rank never comes back to it. */
  close(): void;
}

/** Writes a value to `at`, and not to `room` or beyond. */
export type WriteValue = (value: unknown, memory: Memory, at: number, room: number) => number;

/** What a post says. `byMessage`: its rank sends what it has. `apart`: it does the collective by messages, and has what the part says. */
export const post = { here: 0, parts: 1, lent: 2, byMessage: 3, apart: 4 } as const;
export type PostKind = (typeof post)[keyof typeof post];

/** Added to a post's kind: the parts are one value's, which the part behind the last one names. */
export const inPieces = 8;
