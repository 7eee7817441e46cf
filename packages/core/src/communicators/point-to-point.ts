import { type Call, failure } from "../calls/call.ts";
import { located, siteHere } from "../calls/call-site.ts";
import { checkRank, checkTag, invalid, show } from "../calls/check.ts";
import { checkOptions, type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { fill } from "../calls/into.ts";
import type {
  Cancellable,
  Into,
  Match,
  Message,
  ReceiveInto,
  ReceiveOptions,
  SendOptions,
  SendReceiveInto,
  SendReceiveOptions,
  Status,
} from "../calls/options.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { type Arrival, dataOf, type Finish } from "../engine/arrival.ts";
import type { Channel } from "../engine/channel.ts";
import { stillPending } from "../engine/engine.ts";
import { any } from "../engine/match-queue.ts";
import { decodeInto, encode, type Parcel } from "../wire/codec/codec.ts";
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
  readonly #probed: WeakMap<Status, Arrival> = new WeakMap();

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
    const { checking } = this.world.engine;
    if (checking === undefined) return this.#send(call, value, options);
    return checking.buffers.watch(call, value, undefined, () => this.#send(call, value, options));
  }

  #send(call: Call, value: unknown, options: SendOptions): Promise<void> {
    // What goes wrong here and in recv is caught as #attempt does it, without a closure for each message.
    try {
      this.#check(call, knownOptions.send);
      const { dest, tag = 0 } = options;
      const to = this.#destination(dest, tag);
      if (to === null) return done;
      call.result = this.world.engine.sends.send(this.#channel, to, tag, encode(value), call, options);
      return call.result as Promise<void>;
    } catch (error) {
      return this.#refused(call, error);
    }
  }

  /**
   * The oldest message that matches, as soon as there is one. What is left out of `source` and `tag` matches any.
   *
   * ```ts
   * const reply = await world.recv<Reply>({ source: 3 });
   * await world.recv({ source: 3, into: buffer });        // fills the caller's array
   * const job = await world.recv({ probed: status });     // exactly the message that probe() has found
   * ```
   * @throws MpiError `mismatch` when `into` has another type or is too short; the message stays and can be received again.
   */
  recv<A extends TypedArray>(options: ReceiveInto<A> & Somebody): Promise<A>;
  recv<A extends TypedArray>(options: ReceiveInto<A>): Promise<A | undefined>;
  recv<T = unknown>(options?: ReceiveOptions & Somebody): Promise<T>;
  recv(options: ReceiveOptions & Nobody): Promise<undefined>;
  recv<T = unknown>(options: ReceiveOptions): Promise<T | undefined>;
  recv(options: ReceiveOptions & Partial<Into<TypedArray>> = {}): Promise<unknown> {
    const call = this.#call("recv", options);
    const { checking } = this.world.engine;
    if (checking === undefined) return this.#recv(call, options);
    return checking.buffers.watch(call, undefined, options?.into, () => this.#recv(call, options));
  }

  #recv(call: Call, options: ReceiveOptions & Partial<Into<TypedArray>>): Promise<unknown> {
    try {
      this.#check(call, knownOptions.recv);
      const { source, into } = options;
      if (source === null) return done;
      const finish = into === undefined ? dataOf : (arrival: Arrival): unknown => this.#fill(into, arrival);
      call.result = this.#receive(call, options, finish, into);
      return call.result;
    } catch (error) {
      return this.#refused(call, error);
    }
  }

  /** Like {@link recv}, with the message's {@link Status}: `const { data, source, tag } = await world.recvMessage()`. */
  recvMessage<A extends TypedArray>(options: ReceiveInto<A>): Promise<Message<A>>;
  recvMessage<T = unknown>(options?: ReceiveOptions): Promise<Message<T>>;
  recvMessage(options: ReceiveOptions & Partial<Into<TypedArray>> = {}): Promise<Message<unknown>> {
    const call = this.#call("recvMessage", options);
    return this.#attempt(call, knownOptions.recvMessage, () => {
      const { into } = options;
      const finish = (arrival: Arrival): Message<unknown> => {
        const data = into === undefined ? dataOf(arrival) : this.#fill(into, arrival);
        const status = this.#status(arrival);
        return { data, ...status, status };
      };
      return this.#receive(call, options, finish, into);
    });
  }

  /** Waits for a message that matches and tells about it; it stays to be received. */
  probe(options: Match & Cancellable = {}): Promise<Status> {
    const call = this.#call("probe", options);
    return this.#attempt(call, knownOptions.probe, () => {
      const { engine } = this.world;
      const source = this.#sourceOf(options);
      return engine.receives.probe(this.#channel, source, tagOf(options), call, this.#remember, options.signal);
    });
  }

  /** Like {@link probe} without waiting: undefined when nothing that matches has arrived. */
  iprobe(options: Match = {}): Promise<Status | undefined> {
    const call = this.#call("iprobe", options);
    return this.#attempt(call, knownOptions.iprobe, () => {
      const source = this.#sourceOf(options);
      const found = this.world.engine.receives.peek(this.#channel, source, tagOf(options), call);
      return found.then((arrival) => arrival && this.#remember(arrival));
    });
  }

  /**
   * The messages that match, one after the other. Ends when every other rank has ended; `break` leaves it.
   *
   * ```ts
   * for await (const { data, source, tag } of world.messages<Job>()) { ... }
   * ```
   */
  async *messages<T = unknown>(options: Match & Cancellable = {}): AsyncGenerator<Message<T>, void> {
    await this.#attempt(this.#call("messages", options), knownOptions.messages, () => done);
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
   * `null` on either side that half does nothing; from nobody comes undefined, and `into` stays as it is. Where it rejects
   * (its signal, an `into` that is too short) its message may have been delivered all the same.
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
  sendrecv<T = unknown>(value: unknown, options: SendReceiveOptions & Somebody): Promise<T>;
  sendrecv(value: unknown, options: SendReceiveOptions & Nobody): Promise<undefined>;
  sendrecv<T = unknown>(value: unknown, options: SendReceiveOptions): Promise<T | undefined>;
  sendrecv(value: unknown, options: SendReceiveOptions & Partial<Into<TypedArray>>): Promise<unknown> {
    const call = this.#call("sendrecv", options);
    const { checking } = this.world.engine;
    if (checking === undefined) return this.#sendrecv(call, value, options);
    return checking.buffers.watch(call, value, options?.into, () => this.#sendrecv(call, value, options));
  }

  #sendrecv(call: Call, value: unknown, options: SendReceiveOptions & Partial<Into<TypedArray>>): Promise<unknown> {
    return this.#attempt<unknown>(call, knownOptions.sendrecv, () => {
      const { engine } = this.world;
      const { dest, source, tag, sendTag = tag ?? 0, recvTag = tag, signal, into } = options;
      const to = this.#destination(dest, sendTag);
      const match = { source, tag: recvTag, signal };
      if (source !== null) this.#sourceOf(match);
      // All that can be refused is, before anything is posted.
      const sent = to === null ? done : engine.sends.send(this.#channel, to, sendTag, encode(value), call, { signal });
      if (source === null) return sent;
      if (into === undefined) return this.#both(call, this.#receive(call, match, dataOf), sent);
      if (apart(value, into)) {
        const filled = this.#receive(call, match, (arrival) => this.#fill(into, arrival), into);
        return this.#both(call, filled, sent);
      }
      return this.#receiveAfter(sent, call, match, into);
    });
  }

  /**
   * Leaves the communicator: its calls reject with `closed` from now on, also those that wait for a message. Idempotent,
   * local, and called by `await using`.
   */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const { engine, who } = this.world;
    engine.receives.release(this.#channel, (call) => failure(who, located(call), "closed", stillPending));
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

  /** What `finish` makes of the next arrival; `into` is where its bytes may land. */
  #receive<T>(call: Call, options: ReceiveOptions, finish: Finish<T>, into?: TypedArray): Promise<T> {
    const { receives } = this.world.engine;
    if (options.probed !== undefined) return this.#receiveProbed(call, options, finish, into);
    const source = this.#sourceOf(options);
    return receives.receive(this.#channel, source, tagOf(options), call, finish, options.signal, into);
  }

  /** The message that a status tells of; if another receive has taken it since, the next from there with its tag. */
  #receiveProbed<T>(call: Call, options: ReceiveOptions, finish: Finish<T>, into?: TypedArray): Promise<T> {
    const { receives } = this.world.engine;
    const { probed, source, tag, signal } = options;
    const arrival = this.#probed.get(probed as Status);
    if (arrival === undefined) {
      throw invalid(
        `probed is ${show(probed)}, but it is the status that probe() or iprobe() of this communicator gave`,
      );
    }
    if (source !== undefined || tag !== undefined)
      throw invalid("probed says which message: source and tag are left out");
    const taken = receives.take(this.#channel, arrival, call, finish, into);
    return taken ?? receives.receive(this.#channel, arrival.source, arrival.tag, call, finish, signal, into);
  }

  /** Fills memory that may be on its way out when that has left. */
  async #receiveAfter<A extends TypedArray>(sent: Promise<void>, call: Call, match: Match, into: A): Promise<A> {
    const arrival = await this.#both(call, this.#receive(call, match, kept), sent);
    try {
      return this.#fill(into, arrival);
    } catch (error) {
      throw this.world.engine.explained(call, error);
    }
  }

  /**
   * What was received, when the message sent is done with, too. Where one half fails the other one is cancelled: a message
   * that nobody has matched is not delivered, and one that is on its way has left the caller's memory before this rejects.
   */
  async #both<T>(call: Call, received: Promise<T>, sent: Promise<void>): Promise<T> {
    try {
      const [result] = await Promise.all([received, sent]);
      return result;
    } catch (error) {
      const { engine } = this.world;
      engine.reject(call, error as MpiError);
      await engine.sends.settled(call);
      throw error;
    }
  }

  /** Copies a arrival's data into the caller's array; puts it back, to be received again, when it does not fit. */
  #fill<A extends TypedArray>(into: A, arrival: Arrival): A {
    if (decodeInto(arrival.body as Parcel, into)) return into;
    try {
      return fill(into, [dataOf(arrival)]);
    } catch (error) {
      this.#channel.matching.putBack(arrival);
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

  /** Rank in the world of the source, or `any`. */
  #sourceOf({ source, tag }: Match): number {
    if (source === null) throw invalid("source is null: nobody sends a message");
    if (tag !== undefined) checkTag("tag", tag);
    if (source === undefined) return any;
    checkRank("source", source, this.partners.length);
    return this.partners[source] as number;
  }

  #status(arrival: Arrival): Status {
    const { source, tag, bytes } = arrival.envelope;
    return { source: this.#rankOf.get(source) ?? -1, tag, bytes };
  }

  /** A status that {@link recv} takes for exactly this arrival. */
  readonly #remember = (arrival: Arrival): Status => {
    const status = this.#status(arrival);
    this.#probed.set(status, arrival);
    return status;
  };

  /** Begins a call. What it refuses says who and which call, like all that the engine rejects with later. */
  #attempt<R>(call: Call, known: KnownOptions, begin: () => Promise<R>): Promise<R> {
    try {
      this.#check(call, known);
      const result = begin();
      call.result = result;
      return result;
    } catch (error) {
      return this.#refused(call, error);
    }
  }

  #check(call: Call, known: KnownOptions): void {
    if (this.closed) throw this.closedError(call);
    checkOptions(known, call.options);
  }

  /** The call's promise is set, too, so that nobody takes it for one that waits. */
  #refused(call: Call, error: unknown): Promise<never> {
    call.site ??= siteHere();
    const result = Promise.reject<never>(this.world.engine.explained(call, error));
    call.result = result;
    return result;
  }
}

function tagOf({ tag = any }: Match): number {
  return tag;
}

function kept(arrival: Arrival): Arrival {
  arrival.keep();
  return arrival;
}

/** Whether what is being sent surely lies elsewhere than where the answer goes. */
function apart(value: unknown, into: TypedArray): boolean {
  if (ArrayBuffer.isView(value)) return value.buffer !== into.buffer;
  return typeof value !== "object" || value === null;
}

/** A source that is not null. */
interface Somebody {
  source?: number | undefined;
}

interface Nobody {
  source: null;
}

const done: Promise<void> = Promise.resolve();
