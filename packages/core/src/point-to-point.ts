import { type Call, failure } from "./call.ts";
import type { Channel } from "./channel.ts";
import { checkRank, checkTag, invalid } from "./check.ts";
import { checkOptions } from "./check-options.ts";
import { decode, encode, type Parcel } from "./codec.ts";
import { MpiError } from "./errors.ts";
import { fill } from "./into.ts";
import { any, type Letter } from "./mailbox.ts";
import type { TypedArray } from "./op.ts";
import type {
  Into,
  Match,
  Message,
  ReceiveInto,
  ReceiveOptions,
  SendOptions,
  SendReceiveInto,
  SendReceiveOptions,
  Status,
} from "./options.ts";
import type { World } from "./world.ts";

/**
 * Messages from one rank to another: what communicators and intercommunicators have in common.
 *
 * Messages between two ranks arrive in the order sent. A promise is the request: not awaiting a `send` or `recv` is
 * MPI's `isend` and `irecv`, and operations issued without awaiting keep their order.
 */
export abstract class PointToPoint {
  /** This rank: 0 to size - 1. */
  readonly rank: number;
  /** How many ranks there are. */
  readonly size: number;
  /** For people: error messages quote it. `"world"` for the world, else empty until you set it. */
  name: string;
  /** @internal */
  protected readonly world: World;
  /** @internal The number that no other communicator has. */
  protected readonly context: number;
  /** @internal Rank in the world of each rank that messages go to and come from. */
  protected readonly partners: readonly number[];
  /** @internal */
  protected closed = false;
  readonly #rankOf: ReadonlyMap<number, number>;
  readonly #channel: Channel;
  readonly #probed: WeakMap<Status, Letter> = new WeakMap();

  protected constructor(world: World, context: number, members: readonly number[], partners: readonly number[]) {
    this.world = world;
    this.context = context;
    this.partners = partners;
    this.rank = members.indexOf(world.who.rank);
    this.size = members.length;
    this.name = context === 0 ? "world" : "";
    this.#rankOf = new Map(partners.map((member, rank) => [member, rank]));
    this.#channel = world.engine.channel(context, false);
    this.#channel.members = partners;
  }

  /**
   * Sends `value` to one rank. Resolves when the value may be changed again, which says nothing of its arrival; with
   * `sync` when the receiver has matched it. Small messages are copied and resolve at once, large ones wait for their
   * match. Typed arrays and Buffers travel raw.
   *
   * ```ts
   * await world.send(job, { dest: 3, tag: 7 });
   * ```
   */
  send(value: unknown, options: SendOptions): Promise<void> {
    const call = this.#call("send", options);
    return this.#attempt(call, () => {
      const { dest, tag = 0, sync = false, signal } = options;
      const to = this.#destination(dest, tag);
      if (to === null) return done;
      return this.world.engine.send(this.#channel, to, tag, encode(value), call, { sync, signal });
    });
  }

  /**
   * The oldest message that matches, as soon as there is one. What is left out of `source` and `tag` matches any.
   *
   * ```ts
   * const reply = await world.recv<Reply>({ source: 3 });
   * await world.recv({ source: 3, into: buffer });        // fills the caller's array
   * const job = await world.recv(await world.probe());    // exactly the message that was probed
   * ```
   * @throws MpiError `mismatch` when `into` has another type or is too short; the message stays and can be received again.
   */
  recv<A extends TypedArray>(options: ReceiveInto<A> & Somebody): Promise<A>;
  recv<A extends TypedArray>(options: ReceiveInto<A>): Promise<A | undefined>;
  recv<T = unknown>(options?: ReceiveOptions | Status): Promise<T>;
  recv(options: ReceiveOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const call = this.#call("recv", options);
    return this.#attempt(call, async () => (await this.#receive(call, options))?.data);
  }

  /** Like {@link recv}, with the message's {@link Status}: `const { data, source, tag } = await world.recvMessage()`. */
  recvMessage<A extends TypedArray>(options: ReceiveInto<A>): Promise<Message<A>>;
  recvMessage<T = unknown>(options?: ReceiveOptions | Status): Promise<Message<T>>;
  recvMessage(options: ReceiveOptions & Partial<Into<TypedArray>> = {}): Promise<Message<unknown>> {
    const call = this.#call("recvMessage", options);
    return this.#attempt(call, async () => {
      const received = await this.#receive(call, options);
      if (received === undefined) throw invalid("source is null: nobody sends a message");
      const { data, status } = received;
      return { data, ...status, status };
    });
  }

  /** Waits for a message that matches and tells about it; it stays to be received. */
  probe(options: ReceiveOptions = {}): Promise<Status> {
    const call = this.#call("probe", options);
    return this.#attempt(call, async () => {
      const { source, tag } = this.#match(options);
      const letter = await this.world.engine.probe(this.#channel, source, tag, call, options.signal);
      return this.#remember(letter);
    });
  }

  /** Like {@link probe} without waiting: undefined when nothing that matches has arrived. */
  iprobe(options: Match = {}): Promise<Status | undefined> {
    const call = this.#call("iprobe", options);
    return this.#attempt(call, async () => {
      const { source, tag } = this.#match(options);
      const letter = await this.world.engine.peek(this.#channel, source, tag, call);
      return letter && this.#remember(letter);
    });
  }

  /**
   * The messages that match, one after the other. Ends when every other rank has ended; `break` leaves it.
   *
   * ```ts
   * for await (const { data, source, tag } of world.messages<Job>()) { ... }
   * ```
   */
  async *messages<T = unknown>(options: ReceiveOptions = {}): AsyncGenerator<Message<T>, void> {
    for (;;) {
      let message: Message<T>;
      try {
        message = await this.recvMessage<T>(options);
      } catch (error) {
        const lost = error instanceof MpiError && error.code === "rank-failed";
        if (lost && this.world.engine.endedWell(this.partners)) return;
        throw error;
      }
      yield message;
    }
  }

  /**
   * Sends and receives at once, so that neighbours can exchange without waiting for each other in a circle. With a
   * `null` on either side that half does nothing; from nobody comes undefined, and `into` stays as it is.
   *
   * ```ts
   * const { source, dest } = grid.shift(0, 1);
   * await grid.sendrecv(lastRow, { dest, source, into: ghostRow });
   * ```
   */
  sendrecv<A extends TypedArray>(
    value: unknown,
    options: SendReceiveOptions & SendReceiveInto<A> & Somebody,
  ): Promise<A>;
  sendrecv<A extends TypedArray>(
    value: unknown,
    options: SendReceiveOptions & SendReceiveInto<A>,
  ): Promise<A | undefined>;
  sendrecv<T = unknown>(value: unknown, options: SendReceiveOptions): Promise<T>;
  sendrecv(value: unknown, options: SendReceiveOptions & Partial<Into<TypedArray>>): Promise<unknown> {
    const call = this.#call("sendrecv", options);
    return this.#attempt(call, async () => {
      const { engine } = this.world;
      const { dest, source, tag, sendTag = tag ?? 0, recvTag = tag, signal } = options;
      const to = this.#destination(dest, sendTag);
      if (source !== null) this.#match({ source, tag: recvTag });
      const parcel = to === null ? undefined : encode(value); // all that can be refused is, before anything is posted
      const sent =
        to === null || parcel === undefined ? done : engine.send(this.#channel, to, sendTag, parcel, call, { signal });
      sent.catch((error: MpiError) => engine.reject(call, error));
      const [message] = await Promise.all([
        this.#receive(call, { source, tag: recvTag, signal, into: options.into }, sent),
        sent,
      ]);
      return message?.data;
    });
  }

  /**
   * Leaves the communicator: its calls reject with `closed` from now on, also those that wait for a message. Idempotent,
   * local, and called by `await using`.
   */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.world.engine.release(this.#channel, (call) => this.closedError(call));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  protected closedError(call: Call): MpiError {
    return failure(this.world.who, call, "closed", "this communicator is closed");
  }

  #call(operation: string, options: object): Call {
    return { operation, options, communicator: this.name, result: undefined };
  }

  /** Undefined when the source is nobody. */
  async #receive(
    call: Call,
    options: ReceiveOptions & { into?: TypedArray | undefined },
    sent?: Promise<void>,
  ): Promise<{ data: unknown; status: Status } | undefined> {
    if (options.source === null) return undefined;
    const { source, tag } = this.#match(options);
    const { engine } = this.world;
    const probed = this.#probed.get(options as Status);
    const taken = probed && engine.take(this.#channel, probed, call);
    const letter = await (taken ?? engine.receive(this.#channel, source, tag, call, options.signal));
    const data = decode(letter.body as Parcel);
    if (options.into === undefined) return { data, status: this.#status(letter) };
    try {
      await sent; // the same array may be on its way out
      return { data: fill(options.into, [data]), status: this.#status(letter) };
    } catch (error) {
      this.#channel.mailbox.putBack(letter);
      throw error;
    }
  }

  /** Rank in the world of `dest`; null when that is nobody. */
  #destination(dest: number | null, tag: number): number | null {
    checkTag("tag", tag);
    if (dest === null) return null;
    checkRank("dest", dest, this.partners.length);
    return this.partners[dest] as number;
  }

  #match({ source, tag }: Match): { source: number; tag: number } {
    if (source === null) throw invalid("source is null: nobody sends a message");
    if (source !== undefined) checkRank("source", source, this.partners.length);
    if (tag !== undefined) checkTag("tag", tag);
    return { source: source === undefined ? any : (this.partners[source] as number), tag: tag ?? any };
  }

  #status(letter: Letter): Status {
    const { source, tag, bytes } = letter.envelope;
    return { source: this.#rankOf.get(source) ?? -1, tag, bytes };
  }

  /** A status that {@link recv} takes for exactly this letter. */
  #remember(letter: Letter): Status {
    const status = this.#status(letter);
    this.#probed.set(status, letter);
    return status;
  }

  #attempt<R>(call: Call, body: () => R | Promise<R>): Promise<R> {
    const result = this.#explain(call, body);
    call.result = result;
    return result;
  }

  /** Runs a call so that every error says who and which call. */
  async #explain<R>(call: Call, body: () => R | Promise<R>): Promise<R> {
    if (this.closed) throw this.closedError(call);
    try {
      checkOptions(call.options);
      return await body();
    } catch (error) {
      if (!(error instanceof MpiError) || error.rank !== undefined) throw error;
      throw failure(this.world.who, call, error.code, error.message, { cause: error.cause });
    }
  }
}

/** A source that is not null. */
interface Somebody {
  source?: number | undefined;
}

const done: Promise<void> = Promise.resolve();
