import type { Board } from "./board.ts";
import type { Landing } from "./codec/codec.ts";
import type { Envelope } from "./envelope.ts";
import type { Packet } from "./packet.ts";
import type { ShortReceiver, ShortSender } from "./short-messages.ts";
import type { WordList } from "./word-list.ts";

/** Takes the packets that arrive at a transport. */
export interface Receiver {
  /**
   * A packet arrived. Its bytes belong to the receiver; if `borrowed`, they are valid until this returns, and must be
   * copied to be kept.
   */
  packet(envelope: Envelope, body: Packet, borrowed: boolean): void;
  /** Where to put the only attachment of a packet with this head and so many bytes; undefined: anywhere. */
  landing(envelope: Envelope, head: Uint8Array, bytes: number): Landing | undefined;
  /**
   * Polls the boards that collectives wait on. True if one of them got something. Called at every poll, and once more
   * after the sleep flag is set.
   */
  pollBoards(sleeps: boolean): boolean;
  /** Adds the words of those boards that change when one of them gets something. */
  watchBoards(list: WordList): void;
  /** Whether some call waits. If not, packets stay in the transport, which saves a copy. */
  readonly waiting: boolean;
  /** The transport cannot go on (a peer that speaks another protocol, a broken link). */
  failed(error: Error): void;
}

/**
 * Carries packets between the ranks of one world. Keeps their order for each pair of ranks, loses none, copies none
 * twice.
 *
 * | call | contract |
 * | --- | --- |
 * | `send` | never waits; attachments that are `lent` stay unchanged until the receiver has answered, others may change when it returns |
 * | `listen` | packets are delivered only while the engine wants them, so that a rank with nothing to wait for can end |
 * | `flush` | what was sent has left this process, or its receiver has ended |
 * | `close` | bounded and idempotent; nothing is reported afterwards |
 *
 * Every implementation passes `test/conformance`.
 */
export interface Transport {
  /** Messages up to this size are copied and sent at once. `send` of larger ones waits until they are matched. */
  readonly eagerBytes: number;
  /**
   * Whether a larger message to that rank is better sent at once, lent, than announced. True where a round trip takes
   * as long as its bytes.
   */
  sendsAhead?(dest: number, bytes: number): boolean;
  /** True when it is known that no rank has ever sent anything to this one. */
  readonly silent?: boolean;
  /**
   * The board of the communicator with this number and these ranks of the world; undefined unless they all share
   * memory. All of them get the same answer.
   */
  board?(context: number, members: readonly number[]): Board | undefined;
  /**
   * So many words, zero at first, that all `members` see; undefined unless they share memory. A second call with the same context
   * and members gets the same words.
   */
  words?(context: number, members: readonly number[], count: number): Int32Array | undefined;
  /** The ranks of the world that share memory with this one, this one included; without it, this rank alone. */
  readonly neighbors?: readonly number[];
  /**
   * Memory that {@link neighbors} share: parts of so many bytes, zero at first. Ranks that give the same name and sizes get the same
   * memory. This rank allocates the ranges of `own` now. Once all ranks have it, one of them takes its name away.
   *
   * @throws MpiError `launch` when there is no room
   */
  memory?(name: string, sizes: readonly number[], own: readonly PartRange[]): SharedParts;
  /**
   * Starts (true) or stops (false) to deliver packets while the rank does not {@link listen}, at least every few milliseconds. Does
   * not keep the process alive.
   */
  attend?(wanted: boolean): void;
  /**
   * Polls `watch` for some microseconds; false if it must be waited for. With a rank of the world (below 0: any), also
   * delivers packets, because one from that rank is expected.
   */
  linger?(watch: Watch, source?: number): boolean;
  /**
   * A turn of the event loop, if timers and sockets have to get one after many calls that did not wait; otherwise undefined.
   */
  turn?(): Promise<void> | undefined;
  /** The shortest way to rank `dest` of the world, and from rank `source`; undefined where there is none yet. */
  shortSender?(dest: number): ShortSender | undefined;
  shortReceiver?(source: number): ShortReceiver | undefined;
  /** Takes a transport for ranks that it does not reach: they have joined the job. Absent where it reaches all. */
  grow?(far: Transport): void;
  /** Set by the engine before it listens. */
  receiver: Receiver | undefined;
  /** Sends a packet to rank `dest` of the world (never this rank itself). */
  send(dest: number, envelope: Envelope, body: Packet, lent: boolean): void;
  /** Starts (true) or stops (false) reporting arrivals. While started, the process stays alive. */
  listen(wanted: boolean): void;
  /** Resolves when all packets have left, or after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
  /** Sends what is still queued, without waiting; for `process.exit()`. */
  flushSync(): void;
  close(): Promise<void>;
}

/** Bytes of one part. */
export interface PartRange {
  readonly part: number;
  readonly from: number;
  readonly until: number;
}

/** Memory that ranks share, see {@link Transport.memory}. */
export interface SharedParts {
  /** The parts. After `release` their length is 0, as soon as no rank of this process uses them. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  /** Loops over the parts that are atomic between processes; undefined where there are none. */
  readonly loops: AtomicLoops | undefined;
  /** Whether only this thread uses the memory, so that nothing has to be atomic. */
  readonly isPrivate: boolean;
  /** Takes the name away: the memory is freed when no process uses it, however they end. */
  unlink(): void;
  release(): void;
}

/** Loops in WebAssembly, whose memory the parts are in. */
export interface AtomicLoops {
  /** Memory for a block of operands, and for a block of old values, beside the parts. */
  readonly operands: Uint8Array<ArrayBuffer>;
  readonly old: Uint8Array<ArrayBuffer>;
  /**
   * `target[i] = target[i] op operands[i]` for elements of this kind; `target` is a byte offset in the memory. With `keepsOld` the
   * old values are in {@link old} then.
   */
  accumulate(op: number, kind: number, target: number, bytes: number, keepsOld: boolean): void;
}

/** Something to wait for. */
export interface Watch {
  /**
   * Polls once, and does what can be done now. True when nothing is left to wait for. `sleeps`: no further poll until
   * this rank is woken.
   */
  advance(sleeps: boolean): boolean;
  /** Adds the words that change when {@link advance} can go on. Without it, the rank waits for packets alone. */
  watch?(list: WordList): void;
}
