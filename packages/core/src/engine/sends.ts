import { onAbort } from "../calls/abort.ts";
import type { Call } from "../calls/call.ts";
import { located, sitedHere } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { byteLength, type Parcel } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import { empty } from "../wire/packet.ts";
import type { Transport, Watch } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import type { Fate } from "./liveness.ts";
import type { Departures } from "./outbound.ts";
import { letterBytes, Outgoing, type Peer } from "./peer.ts";
import type { Roster } from "./peer-table.ts";
import type { Pending } from "./pending-call.ts";
import { ignore, type Refusal, type Waits } from "./wait-counter.ts";

export interface SendOptions {
  /** Resolve when the message is matched. */
  sync?: boolean | undefined;
  /** For collectives: what this message is part of. */
  signature?: number;
  signal?: AbortSignal | undefined;
  /** The call may be cancelled (default: when it has a signal): the bytes stay here until the receiver asks for them. */
  cancellable?: boolean;
}

/** The messages that one rank sends: those that go at once, and those that wait until they are matched. */
export class Sends {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #roster: Roster;
  readonly #fate: Fate;
  readonly #departures: Departures;
  readonly #waits: Waits;
  #nextId = 1;

  constructor(rank: number, transport: Transport, roster: Roster, fate: Fate, departures: Departures, waits: Waits) {
    this.#rank = rank;
    this.#transport = transport;
    this.#roster = roster;
    this.#fate = fate;
    this.#departures = departures;
    this.#waits = waits;
  }

  /** Sends to rank `dest` of the world. Resolves when the value may be changed (`sync`: when it is matched). */
  send(
    channel: Channel,
    dest: number,
    tag: number,
    parcel: Parcel,
    call: Call,
    { sync = false, signature = 0, signal, cancellable = signal !== undefined }: SendOptions = asUsual,
  ): Promise<void> {
    const peer = this.#roster.get(dest);
    if (this.#fate.over) return Promise.reject(this.#fate.refusal(sitedHere(call)));
    if (peer.gone && peer.ending !== undefined)
      return Promise.reject(this.#fate.bereaved(sitedHere(call), peer.ending));
    if (signal?.aborted) return Promise.reject(this.#fate.aborted(sitedHere(call), signal.reason));
    const bytes = byteLength(parcel);
    const id = this.#nextId++;
    // It has ended, and the last it sent is still on its way: that may tell more than that it is gone.
    if (peer.ending !== undefined) return this.#outgoing(peer, id, dest, call, signal, true).done;
    const { context, collective } = channel;
    const source = this.#rank;
    const self = dest === source;
    const cost = bytes + letterBytes;
    if (!collective) {
      peer.messages++;
      peer.lastTag = tag;
    }
    const small = self || bytes <= this.#transport.eagerBytes;
    // What may be cancelled does not leave before it is matched: a message is delivered, or its send rejects; never both.
    const ahead = !small && !cancellable && (this.#transport.sendsAhead?.(dest, bytes) ?? false);
    const now = small ? !(sync && cancellable) : ahead;
    const eager = now && (self || cost <= peer.credit || this.#isGranted(dest, peer, cost));
    const answered = sync || (eager && !small);
    // Before it is posted: to oneself it may be matched, and answered, within that call.
    const outgoing = eager && !answered ? undefined : this.#outgoing(peer, id, dest, call, signal, collective);
    if (eager && !self) peer.credit -= cost;
    const envelope: Envelope = {
      kind: eager ? kind.message : kind.request,
      collective,
      sync: answered,
      context,
      source,
      tag,
      id,
      sequence: peer.sent,
      bytes,
      signature,
    };
    if (!eager && outgoing !== undefined) outgoing.request = { envelope, parcel };
    this.#departures.post(dest, peer, envelope, eager ? parcel : empty, ahead);
    return outgoing === undefined ? done : outgoing.done;
  }

  /** The receiver asks for the bytes of a message: it has matched it. From now on they are its own to wait for. */
  granted(envelope: Envelope, peer: Peer): void {
    const outgoing = peer.sends.get(envelope.id);
    const request = outgoing?.request;
    if (outgoing === undefined || request === undefined) return;
    outgoing.request = undefined;
    this.#departures.answer(envelope, kind.payload, envelope.bytes, request.parcel);
  }

  /** The receiver has them. */
  received({ id }: Envelope, peer: Peer): void {
    this.#waits.settled++;
    this.#settle(peer, id, undefined);
  }

  /** Resolves when those that wait now wait no more; with a call, those of that call. */
  settled(call?: Call): Promise<unknown> {
    const waiting = [...this.#roster].flatMap(([, { sends }]) => [...sends.values()]);
    return Promise.allSettled(
      waiting.filter((each) => call === undefined || each.call === call).map(({ done }) => done),
    );
  }

  /** The users' sends that are still to be matched, or to be fetched. */
  get undelivered(): Call[] {
    const calls = [...this.#roster].flatMap(([, { sends, ending }]) =>
      ending === undefined ? [...sends.values()] : [],
    );
    return calls.filter(({ isMessage }) => isMessage).map(({ call }) => located(call));
  }

  /** Whether the receivers of this call's messages may still read the caller's memory. */
  areUnderWay(call: Call): boolean {
    for (const [, { sends }] of this.#roster)
      for (const outgoing of sends.values()) if (outgoing.call === call) return true;
    return false;
  }

  /** Nothing can be had from those ranks any more, or from any: rejects the sends to them. */
  refuse(why: Refusal): void {
    for (const [rank, peer] of this.#roster) {
      for (const [id, { call }] of peer.sends) {
        const error = why(call, rank);
        if (error !== undefined) this.#settle(peer, id, error);
      }
    }
  }

  /**
   * Cancels what a call has announced and nobody has matched yet: those messages will not be delivered. What is matched
   * already goes its way: see {@link settled}. With `quiet` nobody has to hear of it: the call itself has failed.
   */
  cancel(call: Call, error: MpiError, quiet: boolean): void {
    for (const [rank, peer] of this.#roster) {
      for (const [id, outgoing] of peer.sends) {
        if (outgoing.call !== call) continue;
        if (quiet) ignore(outgoing.done);
        this.#withdraw(rank, peer, id, outgoing, error);
      }
    }
  }

  *pending(): Generator<Pending, void> {
    for (const [rank, peer] of this.#roster) {
      for (const outgoing of peer.sends.values()) {
        yield { call: outgoing.call, rank, divert: (detour) => outgoing.divert(detour) };
      }
    }
  }

  /** Whether the credit comes within microseconds: whoever sends without ever waiting has not looked for it yet. */
  #isGranted(dest: number, peer: Peer, cost: number): boolean {
    const enough: Watch = { advance: () => cost <= peer.credit };
    return this.#transport.linger?.(enough, dest) ?? false;
  }

  #outgoing(
    peer: Peer,
    id: number,
    dest: number,
    call: Call,
    signal: AbortSignal | undefined,
    collective: boolean,
  ): Outgoing {
    if (collective) this.#waits.begin();
    else this.#waits.beginCall(call);
    const outgoing = new Outgoing(call, !collective);
    peer.sends.set(id, outgoing);
    if (signal !== undefined) {
      outgoing.forget = onAbort(signal, (reason) => {
        // A message to a rank that has ended was never announced.
        if (peer.ending !== undefined) this.#settle(peer, id, this.#fate.aborted(call, reason));
        else this.#withdraw(dest, peer, id, outgoing, this.#fate.aborted(call, reason));
      });
    }
    return outgoing;
  }

  /** Takes a message back that has been announced and not matched, so that its send may reject. */
  #withdraw(dest: number, peer: Peer, id: number, { request }: Outgoing, error: Error): void {
    if (request === undefined) return;
    if (!request.envelope.collective) peer.messages--;
    this.#settle(peer, id, error);
    this.#departures.withdraw(dest, request.envelope);
  }

  #settle(peer: Peer, id: number, error: Error | undefined): void {
    const outgoing = peer.sends.get(id);
    if (outgoing === undefined) return;
    peer.sends.delete(id);
    this.#waits.end();
    outgoing.settle(error);
  }
}

const done: Promise<void> = Promise.resolve();
const asUsual: SendOptions = {};
