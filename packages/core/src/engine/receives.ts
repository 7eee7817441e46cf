import type { Call } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { breathe } from "../calls/event-loop.ts";
import type { Elements } from "../calls/regions/block.ts";
import { type Landing, landingIn } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Transport } from "../wire/transport.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import { Arrival, type Finish } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import { FastReceive } from "./fast-receive.ts";
import { type Liveness, wasLost } from "./liveness.ts";
import { any } from "./match-queue.ts";
import type { Outbound } from "./outbound.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import type { PendingCall } from "./pending-call.ts";
import { PostedReceive } from "./posted-receive.ts";
import type { Refusal, WaitCounter } from "./wait-counter.ts";
import { WaitingReceives } from "./waiting-receives.ts";

/** The messages that one rank receives: the calls that take them, and the packets that bring them. */
export class Receives {
  readonly channels: Channels;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #outbound: Outbound;
  readonly #waits: WaitCounter;
  readonly #acknowledgements: Acknowledgements;
  readonly #waiting: WaitingReceives;
  readonly #fast: FastReceive;
  #order = 0;

  constructor(
    transport: Transport,
    peers: PeerTable,
    liveness: Liveness,
    outbound: Outbound,
    waits: WaitCounter,
    acknowledgements: Acknowledgements,
  ) {
    this.#fast = new FastReceive(transport, liveness, waits);
    this.#peers = peers;
    this.#liveness = liveness;
    this.#outbound = outbound;
    this.#waits = waits;
    this.#acknowledgements = acknowledgements;
    this.#waiting = new WaitingReceives(peers, liveness, outbound, waits, this.#acknowledgements);
    this.channels = this.#waiting.channels;
  }

  // The calls

  /**
   * Takes the next message from `source` (a rank of the world, or `any`) and resolves with what `finish` makes of it.
   * Calls `finish` at once when the message is already here. `into` is the array that the transport may write the bytes
   * to; it may also write them elsewhere, so `finish` checks.
   */
  receive<T>(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal?: AbortSignal,
    into?: Elements,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(this.#liveness.aborted(sitedHere(call), signal.reason));
    const arrival = channel.matching.next(source, tag);
    if (arrival !== undefined) return this.#open(arrival, channel, source, tag, call, finish, signal, into);
    if (this.#fast.comesNow(channel, source, tag, call, finish, into)) return this.#fast.take() as Promise<T>;
    return this.#waiting.post(channel, new PostedReceive(source, tag, false, call, finish, into), signal);
  }

  /** Finds the next message and leaves it in the queue, held for the caller until the end of this turn. */
  probe<T>(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(this.#liveness.aborted(sitedHere(call), signal.reason));
    return this.#waiting.post(channel, new PostedReceive(source, tag, true, call, finish), signal);
  }

  /** Takes exactly this message; undefined when another receive has taken it. */
  take<T>(channel: Channel, arrival: Arrival, call: Call, finish: Finish<T>, into?: Elements): Promise<T> | undefined {
    if (!channel.matching.take(arrival)) return undefined;
    return this.#open(arrival, channel, arrival.source, arrival.tag, call, finish, undefined, into);
  }

  /**
   * Looks for a message that has arrived. If there is none, looks again after one turn of the event loop; also if it is only
   * announced, because the news that its sender has cancelled it may be waiting in the transport.
   */
  async peek(channel: Channel, source: number, tag: number, call: Call): Promise<Arrival | undefined> {
    if (this.#liveness.over) throw this.#liveness.refusal(call);
    const found = channel.matching.peek(source, tag);
    if (found?.body !== undefined) return found;
    this.#waits.begin();
    await breathe();
    this.#waits.end();
    return channel.matching.peek(source, tag);
  }

  /** The message had already arrived when the call was made. */
  #open<T>(
    arrival: Arrival,
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal: AbortSignal | undefined,
    into: Elements | undefined,
  ): Promise<T> {
    if (arrival.body === undefined) {
      const posted = new PostedReceive(source, tag, false, call, finish, into);
      posted.signal = signal;
      channel.matching.number(posted);
      this.#waits.begin();
      this.#waiting.fetch(posted, arrival, channel);
      return posted.promise as Promise<T>;
    }
    this.#waits.steps++;
    this.#acknowledgements.taken(arrival);
    try {
      return Promise.resolve(finish(arrival));
    } catch (error) {
      return Promise.reject(this.#liveness.explained(sitedHere(call), error));
    }
  }

  /**
   * Discards the messages with this tag that have arrived and returns their envelopes. Leaves out those of a rank that was
   * lost: its last messages may never have been asked for.
   */
  dismiss(channel: Channel, tag: number): readonly Envelope[] {
    const arrivals = this.#sweep(channel, tag);
    if (arrivals.length === 0) return nothing;
    return arrivals.flatMap(({ envelope }) => (wasLost(this.#peers.get(envelope.source)) ? [] : [envelope]));
  }

  /** The communicator was closed: rejects its receives; messages that no call has received count as received. */
  release(channel: Channel, why?: (call: Call) => MpiError): void {
    if (why !== undefined) this.#waiting.refuseIn(channel, why);
    this.#sweep(channel, any);
    this.channels.close(channel);
  }

  #sweep(channel: Channel, tag: number): readonly Arrival[] {
    const arrivals = channel.matching.sweep(any, tag);
    for (const { envelope, body, settled } of arrivals) if (!settled) this.#acknowledgements.discard(envelope, body);
    return arrivals;
  }

  // The packets

  /** A message; without a body: the request that announces one. */
  arrive(envelope: Envelope, body: Packet | undefined, borrowed: boolean): void {
    const channel = this.channels.of(envelope);
    if (channel === undefined || channel.over?.(envelope)) {
      this.#acknowledgements.discard(envelope, body);
      return;
    }
    const order = this.#order++;
    if (this.#fast.fits(channel, envelope)) {
      this.#waits.settled++;
      if (body !== undefined) {
        this.#acknowledgements.received(envelope);
        this.#fast.meet(envelope, body, borrowed, order);
        return;
      }
      this.#fast.giveUp(); // the receive must grant the request and wait for the payload; no message may overtake it
    }
    channel.matching.arrive(new Arrival(envelope, body, borrowed, order));
  }

  /** The payload of a message that this rank has granted. */
  arriveLate(envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer): void {
    const incoming = peer.payloads.get(envelope.id);
    peer.payloads.delete(envelope.id);
    this.#outbound.answer(envelope, kind.received);
    if (incoming === undefined) return;
    const { posted, arrival } = incoming;
    arrival.body = body;
    arrival.borrowed = borrowed;
    arrival.settled = true;
    this.#waiting.complete(posted, arrival);
  }

  /** The sender has cancelled a message before the grant reached it. The receive that matched it goes on waiting. */
  withdrawn(envelope: Envelope, peer: Peer): void {
    const incoming = peer.payloads.get(envelope.id);
    if (incoming === undefined) {
      this.channels.known(envelope)?.matching.recall(envelope.source, envelope.tag, envelope.id);
      return;
    }
    peer.payloads.delete(envelope.id);
    if (!envelope.collective) peer.taken--;
    this.#waiting.postAgain(incoming);
  }

  /** See {@link Receiver.landing}. */
  landing(envelope: Envelope, head: Uint8Array, bytes: number): Landing | undefined {
    const posted =
      envelope.kind === kind.message
        ? this.#expecting(envelope)
        : this.#peers.known(envelope.source)?.payloads.get(envelope.id)?.posted;
    return posted?.into && landingIn(posted.into, head, bytes);
  }

  /** The receive that will take the message that is about to be delivered. */
  #expecting(envelope: Envelope): PostedReceive | FastReceive | undefined {
    const channel = this.channels.known(envelope);
    if (channel === undefined || channel.over?.(envelope)) return undefined;
    if (this.#fast.fits(channel, envelope)) return this.#fast;
    return channel.matching.expects(envelope.source, envelope.tag);
  }

  // The calls that wait

  /** Rejects the receives for which `why` gives an error. `quiet`: their rejection needs no handler, see {@link Engine.reject}. */
  refuse(why: Refusal, quiet = false): void {
    this.#fast.refuse(why);
    this.#waiting.refuse(why, quiet);
  }

  pending(): Generator<PendingCall, void> {
    return this.#waiting.pending();
  }
}

const nothing: readonly Envelope[] = [];
