import { onAbort } from "../calls/abort.ts";
import { rejectAtSite } from "../calls/call-site.ts";
import { kind } from "../wire/envelope.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { Arrival } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import { Channels } from "./channels.ts";
import { isLinked } from "./linked-list.ts";
import type { Liveness } from "./liveness.ts";
import { any } from "./match-queue.ts";
import type { Outbound } from "./outbound.ts";
import type { Incoming } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import { divertOf, type PendingCall } from "./pending-call.ts";
import type { PostedReceive } from "./posted-receive.ts";
import { ignore, type Refusal, type WaitCounter } from "./wait-counter.ts";

/** The receives and probes of one rank that wait, from the moment when they are posted until they settle. */
export class WaitingReceives {
  readonly channels: Channels;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #outbound: Outbound;
  readonly #waits: WaitCounter;
  readonly #acknowledgements: Acknowledgements;

  constructor(
    peers: PeerTable,
    liveness: Liveness,
    outbound: Outbound,
    waits: WaitCounter,
    acknowledgements: Acknowledgements,
  ) {
    this.channels = new Channels(this.#matched);
    this.#peers = peers;
    this.#liveness = liveness;
    this.#outbound = outbound;
    this.#waits = waits;
    this.#acknowledgements = acknowledgements;
  }

  /** Resolves with the result of the receive, or with what a probe has found. */
  post<T>(channel: Channel, posted: PostedReceive, signal: AbortSignal | undefined): Promise<T> {
    posted.signal = signal;
    if (channel.collective) this.#waits.begin();
    else this.#waits.beginCall(posted.call);
    channel.matching.post(posted);
    if (!isLinked(posted)) return posted.promise as Promise<T>;
    this.#refuseIfGone(channel, posted);
    if (isLinked(posted)) this.#cancelBy(signal, channel, posted);
    return posted.promise as Promise<T>;
  }

  /** The sender has withdrawn the message of a matched receive: the receive takes its old place in the queue. */
  postAgain({ posted, channel }: Incoming): void {
    channel.matching.postAgain(posted);
    if (isLinked(posted)) this.#refuseIfGone(channel, posted);
    if (isLinked(posted)) this.#cancelBy(posted.signal, channel, posted);
  }

  /** Grants a large message: asks for its body, which still waits at the sender. */
  fetch(posted: PostedReceive, arrival: Arrival, channel: Channel): void {
    const { envelope } = arrival;
    const peer = this.#peers.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    peer.payloads.set(envelope.id, { posted, arrival, channel });
    this.#outbound.answer(envelope, kind.grant);
  }

  /** Settles the receive with its message, which is complete now. */
  complete(posted: PostedReceive, arrival: Arrival): void {
    this.#waits.endOf(posted);
    const { collective } = arrival.envelope;
    try {
      const value = posted.finish(arrival);
      // The sender is in another collective. The call itself rejects, whether or not its algorithm awaits this message.
      if (collective && value instanceof Promise) ignore(posted.promise);
      posted.resolve(value);
    } catch (error) {
      if (collective) ignore(posted.promise);
      rejectAtSite(posted.call, this.#liveness.explained(posted.call, error), posted);
    }
  }

  /** Rejects the receives for which `why` gives an error. `quiet`: their rejection needs no handler, see {@link Engine.reject}. */
  refuse(why: Refusal, quiet: boolean): void {
    for (const channel of this.channels) this.refuseIn(channel, why, quiet);
    for (const [rank, { payloads }] of this.#peers) {
      for (const [id, { posted }] of payloads) {
        const error = why(posted.call, rank);
        if (error === undefined) continue;
        payloads.delete(id);
        this.#waits.refuse(posted, error, quiet);
      }
    }
  }

  refuseIn(channel: Channel, why: Refusal, quiet = false): void {
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

  #refuseIfGone(channel: Channel, posted: PostedReceive): void {
    const error = this.#liveness.waitError(posted.call, posted.source, channel, posted.tag);
    if (error === undefined) return;
    channel.matching.withdraw(posted);
    this.#waits.refuse(posted, error);
  }

  /** A receive that is already matched completes even when its signal aborts: its message must not be lost. */
  #cancelBy(signal: AbortSignal | undefined, channel: Channel, posted: PostedReceive): void {
    if (signal === undefined) return;
    posted.forget?.();
    posted.forget = onAbort(signal, (reason) => {
      if (!isLinked(posted)) return;
      channel.matching.withdraw(posted);
      this.#waits.refuse(posted, this.#liveness.aborted(posted.call, reason));
    });
  }

  readonly #matched = (posted: PostedReceive, arrival: Arrival): void => {
    if (posted.probe) this.complete(posted, arrival);
    else if (arrival.body === undefined) this.fetch(posted, arrival, this.channels.get(arrival.envelope));
    else {
      this.#acknowledgements.taken(arrival);
      this.complete(posted, arrival);
    }
  };
}
