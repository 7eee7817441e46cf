/**
 * One message between two ranks of a world, as bytes.
 *
 * `head` is small and is copied by whoever sends it; `attachments` are large and are lent: see {@link Transport.send}.
 */
export interface Packet {
  head: Uint8Array;
  attachments: readonly Uint8Array[];
}

/** Who takes what arrives at a transport. */
export interface Receiver {
  /** A packet arrived. The bytes are the receiver's own from now on. */
  packet(packet: Packet): void;
  /** The transport can go on no more (a peer that speaks another protocol, a broken link). */
  failed(error: Error): void;
}

/**
 * Carries packets between the ranks of one world, in order for each pair of ranks, losing none and copying none twice.
 *
 * | call | contract |
 * | --- | --- |
 * | `send` | never waits; `head` may be changed when it returns, `attachments` must stay unchanged until the receiver has answered |
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
  /** Who takes the arrivals; the engine sets it before it listens. */
  receiver: Receiver | undefined;
  /** Hands a packet to rank `dest` of the world (never this rank itself). */
  send(dest: number, packet: Packet): void;
  /** Starts (true) or stops (false) reporting arrivals. While started, the process stays alive. */
  listen(wanted: boolean): void;
  /** Resolves when nothing of ours is left to hand over, after `timeoutMs` at the latest. */
  flush(timeoutMs: number): Promise<void>;
  /** Hands over what is still queued without waiting; for `process.exit()`. */
  flushSync(): void;
  close(): Promise<void>;
}
