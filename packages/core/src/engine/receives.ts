import { onAbort } from "../calls/abort.ts";
import type { Call } from "../calls/call.ts";
import { siteHere } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { breathe } from "../calls/event-loop.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { landing } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Transport, Watch } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import { Channels } from "./channels.ts";
import { FastReceive } from "./fast-receive.ts";
import { isLinked } from "./linked-list.ts";
import { type Liveness, wasLost } from "./liveness.ts";
import { Arrival, any, type Finish, PostedReceive } from "./matching.ts";
import type { Outbound } from "./outbound.ts";
import { type Incoming, overheadBytes, type Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import { divertOf, type PendingCall } from "./pending-call.ts";
import { ignore, type Refusal, type WaitCounter } from "./wait-counter.ts";

/** The messages that one rank receives: what has arrived meets who asks for it, and its sender is told what it wants to know. */
export class Receives {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #outbound: Outbound;
  readonly #waits: WaitCounter;
  readonly channels: Channels;
  /** What a receive that does not wait yet looks for. */
  readonly #fast: FastReceive = new FastReceive();
  /** Called while the user's line is on the stack. */
  readonly #explain = (call: Call, error: unknown): Error => {
    call.site ??= siteHere();
    return this.#liveness.explained(call, error);
  };
  #order = 0;
  /** How many calls had settled when the look for it began. */
  #settledBefore = 0;
  readonly #anySettled: Watch = { advance: () => this.#waits.settled !== this.#settledBefore };

  constructor(
    rank: number,
    transport: Transport,
    peers: PeerTable,
    liveness: Liveness,
    outbound: Outbound,
    waits: WaitCounter,
  ) {
    this.#rank = rank;
    this.#transport = transport;
    this.#peers = peers;
    this.#liveness = liveness;
    this.#outbound = outbound;
    this.#waits = waits;
    this.channels = new Channels(this.#matched);
  }

  /**
   * The next arrival from `source` (a rank of the world, or `any`) with its body, taken out of the matching: what `finish`
   * makes of it, at once when it is there. `into` is where the caller wants its bytes; finish finds them there, or not.
   */
  receive<T>(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal?: AbortSignal,
    into?: TypedArray,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(this.#liveness.aborted(call, signal.reason));
    const arrival = channel.matching.next(source, tag);
    if (arrival !== undefined) return this.#open(arrival, channel, source, tag, call, finish, signal, into);
    if (this.#comesNow(channel, source, tag, call, finish, into)) return this.#fast.take(this.#explain) as Promise<T>;
    return this.#await(channel, new PostedReceive(source, tag, false, call, finish, into), signal);
  }

  /**
   * Whether a arrival comes within microseconds, before anything is made that could wait for it. Another call that gets
   * what it waited for meanwhile ends that: whoever awaits it is to have his turn.
   */
  #comesNow(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<unknown>,
    into: TypedArray | undefined,
  ): boolean {
    if (this.#transport.linger === undefined || this.#liveness.over || !channel.matching.isFree(source, tag))
      return false;
    const expected = this.#fast;
    expected.begin(channel, source, tag, call, finish, into);
    this.#settledBefore = this.#waits.settled;
    this.#transport.linger(this.#anySettled, source);
    return expected.end();
  }

  /** The next arrival, left in the matching; held for whoever asked until the end of this turn. */
  probe<T>(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(this.#liveness.aborted(call, signal.reason));
    return this.#await(channel, new PostedReceive(source, tag, true, call, finish), signal);
  }

  /** Takes exactly this arrival, or tells with undefined that somebody else has it. */
  take<T>(
    channel: Channel,
    arrival: Arrival,
    call: Call,
    finish: Finish<T>,
    into?: TypedArray,
  ): Promise<T> | undefined {
    if (!channel.matching.take(arrival)) return undefined;
    return this.#open(arrival, channel, arrival.source, arrival.tag, call, finish, undefined, into);
  }

  /** Looks at what has arrived, after one turn of the event loop so that arrivals have had their chance. */
  async peek(channel: Channel, source: number, tag: number, call: Call): Promise<Arrival | undefined> {
    if (this.#liveness.over) throw this.#liveness.refusal(call);
    const found = channel.matching.peek(source, tag);
    if (found !== undefined) return found;
    this.#waits.begin();
    await breathe();
    this.#waits.end();
    return channel.matching.peek(source, tag);
  }

  /**
   * Takes what has arrived with this tag out of the matching unseen. Gives those messages, but for those of a rank that was
   * lost: the last it said may never have been asked for.
   */
  dismiss(channel: Channel, tag: number): readonly Envelope[] {
    const arrivals = this.#sweep(channel, tag);
    if (arrivals.length === 0) return nothing;
    return arrivals.flatMap(({ envelope }) => (wasLost(this.#peers.get(envelope.source)) ? [] : [envelope]));
  }

  /** The communicator was closed: withdraws its receives, and what nobody will receive counts as received. */
  release(channel: Channel, why?: (call: Call) => MpiError): void {
    if (why !== undefined) this.#refuseWaiting(channel, why);
    this.#sweep(channel, any);
    this.channels.close(channel);
  }

  // What arrives

  /** A message, or the announcement of one: then it has no body. */
  arrive(envelope: Envelope, body: Packet | undefined, borrowed: boolean): void {
    const channel = this.channels.of(envelope);
    if (channel === undefined || channel.over?.(envelope)) {
      this.#discard(envelope, body);
      return;
    }
    const order = this.#order++;
    if (this.#fast.fits(channel, envelope)) {
      this.#waits.settled++;
      if (body !== undefined) {
        this.#received(envelope);
        this.#fast.meet(envelope, body, borrowed, order);
        return;
      }
      this.#fast.giveUp(); // its receiver has to ask for the rest, and to wait for that; nothing may overtake it
    }
    channel.matching.arrive(new Arrival(envelope, body, borrowed, order));
  }

  /** The bytes of a message that was asked for. */
  arriveLate(envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer): void {
    const incoming = peer.payloads.get(envelope.id);
    peer.payloads.delete(envelope.id);
    this.#outbound.answer(envelope, kind.received);
    if (incoming === undefined) return;
    const { posted, arrival } = incoming;
    arrival.body = body;
    arrival.borrowed = borrowed;
    arrival.settled = true;
    this.#complete(posted, arrival);
  }

  /** The sender has cancelled a message before it was told that it is matched: whoever has it goes on waiting. */
  withdrawn(envelope: Envelope, peer: Peer): void {
    const incoming = peer.payloads.get(envelope.id);
    if (incoming === undefined) {
      this.channels.known(envelope)?.matching.recall(envelope.source, envelope.tag, envelope.id);
      return;
    }
    peer.payloads.delete(envelope.id);
    if (!envelope.collective) peer.taken--;
    this.#postAgain(incoming);
  }

  /** A receive whose message was withdrawn takes its old place among those that wait. */
  #postAgain({ posted, channel }: Incoming): void {
    channel.matching.postAgain(posted);
    if (isLinked(posted)) this.#refuseIfInVain(channel, posted);
    if (isLinked(posted)) this.#cancelBy(posted.signal, channel, posted);
  }

  /** See {@link Receiver.landing}. */
  landing(envelope: Envelope, head: Uint8Array, bytes: number): Uint8Array | undefined {
    const posted =
      envelope.kind === kind.message
        ? this.#expecting(envelope)
        : this.#peers.known(envelope.source)?.payloads.get(envelope.id)?.posted;
    return posted?.into && landing(posted.into, head, bytes);
  }

  /** The receive that a message which is about to be delivered will go to. */
  #expecting(envelope: Envelope): PostedReceive | FastReceive | undefined {
    const channel = this.channels.known(envelope);
    if (channel === undefined || channel.over?.(envelope)) return undefined;
    if (this.#fast.fits(channel, envelope)) return this.#fast;
    return channel.matching.expects(envelope.source, envelope.tag);
  }

  #sweep(channel: Channel, tag: number): readonly Arrival[] {
    const arrivals = channel.matching.sweep(any, tag);
    for (const { envelope, body, settled } of arrivals) if (!settled) this.#discard(envelope, body);
    return arrivals;
  }

  /** Nobody will receive this message: it counts as received, so that its sender neither waits nor runs out of credit. */
  #discard(envelope: Envelope, body: Packet | undefined): void {
    if (body !== undefined) {
      this.#received(envelope);
      return;
    }
    if (!envelope.collective) this.#peers.get(envelope.source).taken++;
    this.#outbound.answer(envelope, kind.grant);
  }

  // Who waits

  /** With `quiet` the promises of those that wait are not what a user holds: see {@link Engine.reject}. */
  refuse(why: Refusal, quiet = false): void {
    for (const channel of this.channels) this.#refuseWaiting(channel, why, quiet);
    const { channel, source, tag, call } = this.#fast;
    if (call !== undefined) call.site ??= siteHere(); // it is looking right now: the user's line is on the stack
    const error = call && channel && why(call, source, channel, tag);
    if (error !== undefined) {
      this.#waits.settled++;
      this.#fast.refuse(error);
    }
    for (const [rank, { payloads }] of this.#peers) {
      for (const [id, { posted }] of payloads) {
        const error = why(posted.call, rank);
        if (error === undefined) continue;
        payloads.delete(id);
        this.#waits.refuse(posted, error, quiet);
      }
    }
  }

  #refuseWaiting(channel: Channel, why: Refusal, quiet = false): void {
    for (const posted of channel.matching.posted) {
      const error = why(posted.call, posted.source, channel, posted.tag);
      if (error === undefined) continue;
      channel.matching.withdraw(posted);
      this.#waits.refuse(posted, error, quiet);
    }
  }

  *pending(): Generator<PendingCall, void> {
    for (const { collective, context, matching } of this.channels) {
      for (const posted of matching.posted) {
        const { call, source, tag } = posted;
        const pending = { call, rank: source === any ? undefined : source, divert: divertOf(posted) };
        yield collective ? { ...pending, collective: { context, number: tag } } : pending;
      }
    }
    for (const [rank, { payloads }] of this.#peers) {
      for (const { posted } of payloads.values()) yield { call: posted.call, rank, divert: divertOf(posted) };
    }
  }

  #await<T>(channel: Channel, posted: PostedReceive, signal: AbortSignal | undefined): Promise<T> {
    posted.signal = signal;
    if (channel.collective) this.#waits.begin();
    else this.#waits.beginCall(posted.call);
    channel.matching.post(posted);
    if (!isLinked(posted)) return posted.promise as Promise<T>;
    this.#refuseIfInVain(channel, posted);
    if (isLinked(posted)) this.#cancelBy(signal, channel, posted);
    return posted.promise as Promise<T>;
  }

  #refuseIfInVain(channel: Channel, posted: PostedReceive): void {
    const waitError = this.#liveness.waitError(posted.call, posted.source, channel, posted.tag);
    if (waitError === undefined) return;
    channel.matching.withdraw(posted);
    this.#waits.refuse(posted, waitError);
  }

  /** A receive that is matched already completes, whatever the signal does: its message must not be lost. */
  #cancelBy(signal: AbortSignal | undefined, channel: Channel, posted: PostedReceive): void {
    if (signal === undefined) return;
    posted.forget?.();
    posted.forget = onAbort(signal, (reason) => {
      if (!isLinked(posted)) return;
      channel.matching.withdraw(posted);
      this.#waits.refuse(posted, this.#liveness.aborted(posted.call, reason));
    });
  }

  /** A receive (or probe) that waited has met its arrival. */
  readonly #matched = (posted: PostedReceive, arrival: Arrival): void => {
    if (posted.probe) this.#complete(posted, arrival);
    else if (arrival.body === undefined) this.#fetch(posted, arrival, this.channels.get(arrival.envelope));
    else {
      this.#acknowledge(arrival);
      this.#complete(posted, arrival);
    }
  };

  /** A arrival was there when it was asked for. */
  #open<T>(
    arrival: Arrival,
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal: AbortSignal | undefined,
    into: TypedArray | undefined,
  ): Promise<T> {
    if (arrival.body === undefined) {
      const posted = new PostedReceive(source, tag, false, call, finish, into);
      posted.signal = signal;
      channel.matching.number(posted);
      this.#waits.begin();
      this.#fetch(posted, arrival, channel);
      return posted.promise as Promise<T>;
    }
    this.#waits.steps++;
    this.#acknowledge(arrival);
    try {
      return Promise.resolve(finish(arrival));
    } catch (error) {
      call.site ??= siteHere();
      return Promise.reject(this.#liveness.explained(call, error));
    }
  }

  /** Asks for the body of a arrival that still waits at the sender. */
  #fetch(posted: PostedReceive, arrival: Arrival, channel: Channel): void {
    const { envelope } = arrival;
    const peer = this.#peers.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    peer.payloads.set(envelope.id, { posted, arrival, channel });
    this.#outbound.answer(envelope, kind.grant);
  }

  /** The caller gets its arrival. */
  #complete(posted: PostedReceive, arrival: Arrival): void {
    this.#waits.endOf(posted);
    const { collective } = arrival.envelope;
    try {
      const value = posted.finish(arrival);
      // A collective whose rank is elsewhere: the call rejects, whether or not its algorithm still waits for this message.
      if (collective && value instanceof Promise) ignore(posted.promise);
      posted.resolve(value);
    } catch (error) {
      if (collective) ignore(posted.promise);
      posted.reject(this.#liveness.explained(posted.call, error));
    }
  }

  // What senders are told

  /** A arrival with its body was taken out. */
  #acknowledge(arrival: Arrival): void {
    if (arrival.settled) return;
    arrival.settled = true;
    this.#received(arrival.envelope);
  }

  /** A message is here with its body, and somebody has it now. */
  #received(envelope: Envelope): void {
    const peer = this.#peers.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    if (envelope.sync) this.#outbound.answer(envelope, kind.received);
    if (envelope.source !== this.#rank) this.#giveBack(envelope, peer);
  }

  #giveBack(envelope: Envelope, peer: Peer): void {
    peer.owed += envelope.bytes + overheadBytes;
    if (!peer.owesMuch) return;
    this.#outbound.answer(envelope, kind.credit, peer.owed);
    peer.owed = 0;
  }
}

const nothing: readonly Envelope[] = [];
