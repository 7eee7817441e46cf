import type {
  IntoOptions,
  MessageFilter,
  ProbeOptions,
  ReceivedMessage,
  RecvIntoOptions,
  RecvOptions,
  SendOptions,
  SendrecvOptions,
  Status,
} from "../../calls/options.ts";
import type { ArrayOrBlock } from "../../calls/regions/block.ts";

/** A source that is not null: something is received. */
export interface SourceRank {
  /** Rank of the sender; default any. */
  source?: number | undefined;
}

/** A source beyond the border of a grid: nothing is received. */
export interface NoSource {
  /** Nothing is received. */
  source: null;
}

/**
 * Messages from one rank to another: what communicators and intercommunicators have in common.
 *
 * Messages between two ranks arrive in the order sent. The promise of a call is MPI's request: a `send` or `recv` that is
 * not awaited yet is `isend` or `irecv`. Calls that are not awaited keep their order.
 */
export interface PointToPointCalls {
  /** This rank: 0 to size - 1. */
  readonly rank: number;
  /** Number of ranks; in an intercommunicator those of this rank's own group. */
  readonly size: number;
  /** A name for error messages. `"world"` for the world, else empty until the program sets it. */
  name: string;

  /**
   * Sends `value` to one rank. Resolves when the value may be changed again, which may be before it has arrived; with
   * `sync` when the receiver has matched it.
   *
   * Small messages are copied and resolve at once. Large ones resolve after their match. Typed arrays and Buffers travel
   * raw.
   *
   * ```ts
   * if (world.rank === 0) await world.send({ job: 7 }, { dest: 3, tag: 7 });
   * if (world.rank === 3) await world.recv({ source: 0, tag: 7 });
   * ```
   * @param value any value that can travel
   * @param options `dest` is required
   * @throws MpiError `invalid-argument`, `unserializable`, `rank-failed`, `aborted`, `closed`, `undelivered`
   */
  send(value: unknown, options: SendOptions): Promise<void>;

  /**
   * Receives the oldest message that matches, and gives its value. Without `source` and `tag` any message matches.
   *
   * ```ts
   * void world.send(new Float64Array(8), { dest: world.rank });
   * const row = await world.recv({ source: world.rank, into: new Float64Array(8) });
   * row.length; // => 8
   * ```
   * @param options `into` fills the caller's array, `probed` takes the message that `probe` has found
   * @throws MpiError `mismatch` when `into` has another type or is too short: the message stays and can be received again.
   * Also `invalid-argument`, `rank-failed`, `deadlock`, `aborted`, `closed`.
   */
  recv<A extends ArrayOrBlock>(options: RecvIntoOptions<A> & SourceRank): Promise<A>;
  recv<A extends ArrayOrBlock>(options: RecvIntoOptions<A>): Promise<A | undefined>;
  recv<T = unknown>(options?: RecvOptions & SourceRank): Promise<T>;
  recv(options: RecvOptions & NoSource): Promise<undefined>;
  recv<T = unknown>(options: RecvOptions): Promise<T | undefined>;

  /**
   * Receives like {@link recv}, and gives sender, tag and size with the value.
   *
   * ```ts
   * void world.send("hello", { dest: world.rank, tag: 5 });
   * const { data, tag } = await world.recvMessage<string>();
   * tag; // => 5
   * ```
   * @param options as for {@link recv}
   * @throws MpiError as {@link recv}
   */
  recvMessage<A extends ArrayOrBlock>(options: RecvIntoOptions<A>): Promise<ReceivedMessage<A>>;
  recvMessage<T = unknown>(options?: RecvOptions): Promise<ReceivedMessage<T>>;

  /**
   * Waits for a message that matches and gives its {@link Status}. The message stays; `recv({ probed })` takes it.
   *
   * ```ts
   * void world.send("hello", { dest: world.rank });
   * const status = await world.probe();
   * const word = await world.recv<string>({ probed: status }); // => "hello"
   * ```
   * @param options which messages; default any
   * @throws MpiError `invalid-argument`, `rank-failed`, `deadlock`, `aborted`, `closed`
   */
  probe(options?: ProbeOptions): Promise<Status>;

  /**
   * Like {@link probe} without waiting: undefined when no matching message has arrived. A message whose send was cancelled
   * may still be found for a moment; a receive does not get it.
   *
   * ```ts
   * const status = await world.iprobe({ tag: 9 }); // => undefined
   * ```
   * @param options which messages; default any
   * @throws MpiError `invalid-argument`, `closed`
   */
  iprobe(options?: MessageFilter): Promise<Status | undefined>;

  /**
   * Gives the messages that match, one after the other. Ends when all other ranks have ended; `break` leaves the loop.
   *
   * ```ts
   * void world.send("hello", { dest: world.rank });
   * for await (const { data } of world.messages<string>()) if (data === "hello") break;
   * ```
   * @param options which messages; default any
   * @throws MpiError `rank-failed` when another rank was lost; also `invalid-argument`, `deadlock`, `aborted`, `closed`
   */
  messages<T = unknown>(options?: ProbeOptions): AsyncGenerator<ReceivedMessage<T>, void>;

  /**
   * Sends and receives at once, so that ranks in a circle can exchange without waiting for each other.
   *
   * A `null` on either side leaves that half out; without a source the result is undefined, and `into` stays as it is.
   * When the call rejects (its signal, an `into` that is too short), its own message may have been delivered.
   *
   * ```ts
   * const right = (world.rank + 1) % world.size;
   * const left = (world.rank + world.size - 1) % world.size;
   * const got = await world.sendrecv<number>(world.rank, { dest: right, source: left }); // => left
   * ```
   * @param value what to send
   * @param options `dest` is required
   * @throws MpiError `mismatch` for `into`, as {@link recv}; also what {@link send} and {@link recv} reject with
   */
  sendrecv<A extends ArrayOrBlock>(value: unknown, options: SendrecvOptions & IntoOptions<A> & SourceRank): Promise<A>;
  sendrecv<A extends ArrayOrBlock>(value: unknown, options: SendrecvOptions & IntoOptions<A>): Promise<A | undefined>;
  sendrecv<T = unknown>(value: unknown, options: SendrecvOptions & SourceRank): Promise<T>;
  sendrecv(value: unknown, options: SendrecvOptions & NoSource): Promise<undefined>;
  sendrecv<T = unknown>(value: unknown, options: SendrecvOptions): Promise<T | undefined>;

  /**
   * Leaves the communicator. From now on its calls reject with `closed`, also those that wait for a message.
   *
   * The world's `close` first sends out what this rank has sent, and leaves the job. Calling it twice does no harm; `await
   * using` calls it.
   *
   * ```ts
   * const own = await world.dup();
   * await own.close();
   * ```
   */
  close(): Promise<void>;

  /** Calls {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
