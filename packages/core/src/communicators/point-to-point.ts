import { type Call, failure } from "../calls/call.ts";
import { located, sitedHere } from "../calls/call-site.ts";
import { checkRank, checkTag, invalid, isTag, show } from "../calls/check.ts";
import { checkOptions, type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { fill, overlaps } from "../calls/into.ts";
import type {
  MessageFilter,
  ProbeOptions,
  ReceivedMessage,
  RecvOptions,
  SendOptions,
  SendrecvOptions,
  Status,
} from "../calls/options.ts";
import { dense, type Elements, isBlock } from "../calls/regions/block.ts";
import { isTypedArray } from "../calls/typed-array.ts";
import { type Arrival, dataOf, type Finish } from "../engine/arrival.ts";
import type { Channel } from "../engine/channel.ts";
import { stillPending } from "../engine/engine.ts";
import { any } from "../engine/match-queue.ts";
import { decodeInto, encode, type Parcel } from "../wire/codec/codec.ts";
import type { PointToPointCalls } from "./api/point-to-point.ts";
import type { World } from "./world.ts";

type MaybeInto = { into?: Elements | undefined };

/**
 * Point-to-point messages. The docs of each call are at the interface. In one file, because sends and receives are the hot
 * path: a call goes through private methods alone, which the engine inlines.
 *
 * Calls that the interface overloads resolve to `never` here, which fits each of the overloads.
 */
export abstract class PointToPoint implements PointToPointCalls {
  readonly rank: number;
  readonly size: number;
  name: string;
  protected readonly world: World;
  /** Number of this communicator, which no other one has. */
  protected readonly context: number;
  /** Rank in the world of each rank that messages go to and come from. */
  protected readonly partners: readonly number[];
  /** Why every further call is refused; empty while none is. */
  protected over: "" | "closed" | "revoked" = "";
  readonly #rankOf: ReadonlyMap<number, number>;
  readonly #channel: Channel;
  readonly #probed: WeakMap<Status, Arrival> = new WeakMap();

  protected constructor(world: World, context: number, members: readonly number[], partners: readonly number[]) {
    this.world = world;
    this.context = context;
    this.partners = partners;
    this.rank = members.indexOf(world.who.rank);
    this.size = members.length;
    this.name = context === world.context ? "world" : "";
    this.#rankOf = new Map(partners.map((member, rank) => [member, rank]));
    this.#channel = world.engine.channel(context, false);
    this.#channel.members = partners;
  }

  send(value: unknown, options: SendOptions): Promise<void> {
    if (this.#sendsNow(value, options)) return done;
    const call = this.#call("send", options);
    const { checking } = this.world.engine;
    if (checking === undefined) return this.#send(call, value, options);
    return checking.buffers.watch(call, value, undefined, () => this.#send(call, value, options));
  }

  /** The shortest path, for options that are certainly right; others take the way that has the errors. */
  #sendsNow(value: unknown, options: SendOptions): boolean {
    const { direct } = this.world.engine;
    if (direct === undefined || this.over !== "" || typeof options !== "object" || options === null) return false;
    for (const name in options) if (name !== "dest" && name !== "tag") return false;
    const { dest, tag = 0 } = options;
    if (typeof dest !== "number" || !isTag(tag)) return false;
    const to = this.partners[dest];
    if (to === undefined) return false;
    const isShort = isBlock(value) && value.byteLength <= fewBytes;
    return direct.send(this.#channel, to, tag, isShort ? dense(value) : value);
  }

  #send(call: Call, value: unknown, options: SendOptions): Promise<void> {
    // Like #attempt, here and in #recv, but without a closure for each message.
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

  recv(options: RecvOptions & MaybeInto = {}): Promise<never> {
    const received = this.#receivesNow(options);
    if (received !== undefined) return received;
    const call = this.#call("recv", options);
    const { checking } = this.world.engine;
    if (checking === undefined) return this.#recv(call, options);
    return checking.buffers.watch(call, undefined, options?.into, () => this.#recv(call, options));
  }

  #receivesNow(options: RecvOptions & MaybeInto): Promise<never> | undefined {
    const { direct } = this.world.engine;
    if (direct === undefined || this.over !== "" || typeof options !== "object" || options === null) return undefined;
    for (const name in options) if (name !== "source" && name !== "tag" && name !== "into") return undefined;
    const { source, tag, into } = options;
    if (typeof source !== "number" || !(tag === undefined || isTag(tag))) return undefined;
    if (into !== undefined && !isTypedArray(into) && !isBlock(into)) return undefined;
    const from = this.partners[source];
    return from === undefined ? undefined : (direct.receive(this.#channel, from, tag ?? any, into) as Promise<never>);
  }

  #recv(call: Call, options: RecvOptions & MaybeInto): Promise<never> {
    try {
      this.#check(call, knownOptions.recv);
      const { source, into } = options;
      if (source === null) return done as Promise<never>;
      const finish = into === undefined ? dataOf : (arrival: Arrival): unknown => this.#fill(into, arrival);
      call.result = this.#receive(call, options, finish, into);
      return call.result as Promise<never>;
    } catch (error) {
      return this.#refused(call, error);
    }
  }

  recvMessage(options: RecvOptions & MaybeInto = {}): Promise<ReceivedMessage<never>> {
    const call = this.#call("recvMessage", options);
    return this.#attempt(call, knownOptions.recvMessage, () => {
      const { into } = options;
      const finish = (arrival: Arrival): ReceivedMessage<never> => {
        const data = into === undefined ? dataOf(arrival) : this.#fill(into, arrival);
        const status = this.#status(arrival);
        return { data: data as never, ...status, status };
      };
      return this.#receive(call, options, finish, into);
    });
  }

  probe(options: ProbeOptions = {}): Promise<Status> {
    const call = this.#call("probe", options);
    return this.#attempt(call, knownOptions.probe, () => {
      const { engine } = this.world;
      const source = this.#sourceOf(options);
      return engine.receives.probe(this.#channel, source, tagOf(options), call, this.#remember, options.signal);
    });
  }

  iprobe(options: MessageFilter = {}): Promise<Status | undefined> {
    const call = this.#call("iprobe", options);
    return this.#attempt(call, knownOptions.iprobe, () => {
      const source = this.#sourceOf(options);
      const found = this.world.engine.receives.peek(this.#channel, source, tagOf(options), call);
      return found.then((arrival) => arrival && this.#remember(arrival));
    });
  }

  async *messages<T = unknown>(options: ProbeOptions = {}): AsyncGenerator<ReceivedMessage<T>, void> {
    await this.#attempt(this.#call("messages", options), knownOptions.messages, () => done);
    for (;;) {
      let message: ReceivedMessage<T>;
      try {
        message = await this.recvMessage(options);
      } catch (error) {
        const lost = error instanceof MpiError && error.code === "rank-failed";
        if (lost && this.world.engine.endedWell(this.partners)) return;
        throw error;
      }
      yield message;
    }
  }

  sendrecv(value: unknown, options: SendrecvOptions & MaybeInto): Promise<never> {
    const sent = this.#exchangesNow(value, options);
    if (sent !== undefined) return sent;
    const call = this.#call("sendrecv", options);
    const { checking } = this.world.engine;
    if (checking === undefined) return this.#sendrecv(call, value, options);
    return checking.buffers.watch(call, value, options?.into, () => this.#sendrecv(call, value, options));
  }

  /** The shortest path, as in {@link send}. What is sent has been copied when the receive begins. */
  #exchangesNow(value: unknown, options: SendrecvOptions & MaybeInto): Promise<never> | undefined {
    if (typeof options !== "object" || options === null) return undefined;
    for (const name in options) {
      if (name !== "dest" && name !== "source" && name !== "tag" && name !== "into") return undefined;
    }
    const { dest, source, tag, into } = options;
    // What the receive will refuse: nothing may be sent then.
    if (typeof source !== "number" || this.partners[source] === undefined) return undefined;
    if (into !== undefined && !isTypedArray(into) && !isBlock(into)) return undefined;
    if (!this.#sendsNow(value, { dest, tag })) return undefined;
    const match = { source, tag, into };
    return this.#receivesNow(match) ?? this.#recv(this.#call("sendrecv", options), match);
  }

  #sendrecv(call: Call, value: unknown, options: SendrecvOptions & MaybeInto): Promise<never> {
    return this.#attempt(call, knownOptions.sendrecv, (): Promise<unknown> => {
      const { engine } = this.world;
      const { dest, source, tag, sendTag = tag ?? 0, recvTag = tag, signal, into } = options;
      const to = this.#destination(dest, sendTag);
      const match = { source, tag: recvTag, signal };
      if (source !== null) this.#sourceOf(match);
      // Every check comes before the first message is posted.
      const sent = to === null ? done : engine.sends.send(this.#channel, to, sendTag, encode(value), call, { signal });
      if (source === null) return sent;
      if (into === undefined) return this.#both(call, this.#receive(call, match, dataOf), sent);
      if (apart(value, into)) {
        const filled = this.#receive(call, match, (arrival) => this.#fill(into, arrival), into);
        return this.#both(call, filled, sent);
      }
      return this.#receiveAfter(sent, call, match, into);
    }) as Promise<never>;
  }

  async close(): Promise<void> {
    if (this.over === "closed") return;
    this.over = "closed";
    const { engine, who } = this.world;
    engine.survival.closed(this.context);
    engine.receives.release(this.#channel, (call) => failure(who, located(call), "closed", stillPending));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The error of a call of a communicator that is {@link over}. */
  protected overError(call: Call): MpiError {
    if (this.over === "revoked") return this.world.engine.survival.refusal(sitedHere(call), this.context);
    return failure(this.world.who, sitedHere(call), "closed", "this communicator is closed");
  }

  /** Ends the messages that are under way here. */
  protected endMessages(errorOf: (call: Call) => MpiError): void {
    const { engine } = this.world;
    engine.receives.release(this.#channel, errorOf);
    engine.sends.refuseIn(this.#channel, errorOf);
  }

  #call(operation: string, options: object): Call {
    return { operation, options, communicator: this.name, result: undefined };
  }

  /** Receives one message and resolves to what `finish` makes of it; its bytes may land in `into`. */
  #receive<T>(call: Call, options: RecvOptions, finish: Finish<T>, into?: Elements): Promise<T> {
    const { receives } = this.world.engine;
    if (options.probed !== undefined) return this.#receiveProbed(call, options, finish, into);
    const source = this.#sourceOf(options);
    return receives.receive(this.#channel, source, tagOf(options), call, finish, options.signal, into);
  }

  /** Receives the message that a status describes; if it is taken by now, the next one of its source and tag. */
  #receiveProbed<T>(call: Call, options: RecvOptions, finish: Finish<T>, into?: Elements): Promise<T> {
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

  /** Fills `into` after the send: both may use the same memory, and what is sent must leave it first. */
  async #receiveAfter<A extends Elements>(sent: Promise<void>, call: Call, match: MessageFilter, into: A): Promise<A> {
    const arrival = await this.#both(call, this.#receive(call, match, kept), sent);
    try {
      return this.#fill(into, arrival);
    } catch (error) {
      throw this.world.engine.explained(call, error);
    }
  }

  /**
   * The received value, after the send has completed, too. When one half fails, the other is cancelled: an unmatched
   * message is not delivered, and a matched one has left the caller's memory before this rejects.
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

  /** Copies a message into the caller's array. One that does not fit is put back and can be received again. */
  #fill<A extends Elements>(into: A, arrival: Arrival): A {
    if (decodeInto(arrival.body as Parcel, into)) return into;
    try {
      return fill(into, [dataOf(arrival)]);
    } catch (error) {
      this.#channel.matching.putBack(arrival);
      throw error;
    }
  }

  /** Rank in the world of `dest`; null when nothing is sent. */
  #destination(dest: number | null, tag: number): number | null {
    checkTag("tag", tag);
    if (dest === null) return null;
    checkRank("dest", dest, this.partners.length);
    return this.partners[dest] as number;
  }

  /** Rank in the world of the source, or `any`. */
  #sourceOf({ source, tag }: MessageFilter): number {
    if (source === null) throw invalid("source is null: no rank sends a message");
    if (tag !== undefined) checkTag("tag", tag);
    if (source === undefined) return any;
    checkRank("source", source, this.partners.length);
    return this.partners[source] as number;
  }

  #status(arrival: Arrival): Status {
    const { source, tag, bytes } = arrival.envelope;
    return { source: this.#rankOf.get(source) ?? -1, tag, bytes };
  }

  /** A status that `recv` takes for exactly this message. */
  readonly #remember = (arrival: Arrival): Status => {
    const status = this.#status(arrival);
    this.#probed.set(status, arrival);
    return status;
  };

  /** Begins a call. Its refusals name rank and call, as later errors of the engine do. */
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
    if (this.over !== "") throw this.overError(call);
    checkOptions(known, call.options);
  }

  /** Sets the call's promise, too: a call without one counts as pending. */
  #refused(call: Call, error: unknown): Promise<never> {
    const result = Promise.reject<never>(this.world.engine.explained(sitedHere(call), error));
    call.result = result;
    return result;
  }
}

function tagOf({ tag = any }: MessageFilter): number {
  return tag;
}

function kept(arrival: Arrival): Arrival {
  arrival.keep();
  return arrival;
}

/** Whether `value` certainly has no memory in common with `into`. */
function apart(value: unknown, into: Elements): boolean {
  if (ArrayBuffer.isView(value) || isBlock(value)) return !overlaps(value, into);
  return typeof value !== "object" || value === null;
}

/** Blocks of so many bytes are copied at once, as arrays are. */
const fewBytes = 1024;

const done: Promise<void> = Promise.resolve();
