import { onAbort } from "../calls/abort.ts";
import type { Call } from "../calls/call.ts";
import { located, sitedHere } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { byteLength, type Parcel } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import { empty } from "../wire/packet.ts";
import type { Transport, Watch } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import type { Liveness } from "./liveness.ts";
import type { Outbound } from "./outbound.ts";
import { Outgoing, overheadBytes, type Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import type { PendingCall } from "./pending-call.ts";
import { ignore, type Refusal, type WaitCounter } from "./wait-counter.ts";

export interface SendOptions {
  /** Resolve when the message is matched. */
  sync?: boolean | undefined;
  /** For collectives: the operation and the root. */
  signature?: number;
  signal?: AbortSignal | undefined;
  /**
   * The call may be cancelled (default: when it has a signal). The bytes stay here until the receiver asks for them.
   */
  cancellable?: boolean;
}

/** The messages that one rank sends: eager ones, and those that wait until they are matched. */
export class Sends {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #outbound: Outbound;
  readonly #waits: WaitCounter;
  #nextId = 1;

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
  }

  /** Sends to rank `dest` of the world. Resolves when the value may be changed (`sync`: when it is matched). */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: every message passes here; parts of it would need a call or an object each
  send(
    channel: Channel,
    dest: number,
    tag: number,
    parcel: Parcel,
    call: Call,
    { sync = false, signature = 0, signal, cancellable = signal !== undefined }: SendOptions = asUsual,
  ): Promise<void> {
    const peer = this.#peers.get(dest);
    if (this.#liveness.over) return Promise.reject(this.#liveness.refusal(sitedHere(call)));
    if (peer.gone && peer.ending !== undefined)
      return Promise.reject(this.#liveness.peerGone(sitedHere(call), peer.ending));
    if (signal?.aborted) return Promise.reject(this.#liveness.aborted(sitedHere(call), signal.reason));
    const bytes = byteLength(parcel);
    const id = this.#nextId++;
    // The peer has ended, but its last packets are on their way. They may bring a better error than that it is gone.
    if (peer.ending !== undefined) return this.#outgoing(peer, id, dest, call, channel, signal, false).done;
    const { context, collective } = channel;
    const source = this.#rank;
    const self = dest === source;
    const cost = bytes + overheadBytes;
    if (!collective) {
      peer.messages++;
      peer.lastTag = tag;
    }
    const small = self || bytes <= this.#transport.eagerBytes;
    // A send that may be cancelled does not leave before it is matched: either the message is delivered or the send
    // rejects.
    const ahead = !small && !cancellable && (this.#transport.sendsAhead?.(dest, bytes) ?? false);
    const now = small ? !(sync && cancellable) : ahead;
    const eager = now && (self || cost <= peer.credit || this.#isGranted(dest, peer, cost));
    const answered = sync || (eager && !small);
    // Made before the packet is posted: a message to this rank itself may be matched and answered within that call.
    const outgoing = eager && !answered ? undefined : this.#outgoing(peer, id, dest, call, channel, signal, !collective);
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
    this.#outbound.post(dest, peer, envelope, eager ? parcel : empty, ahead);
    return outgoing === undefined ? done : outgoing.done;
  }

  /** The receiver has matched the message and asks for its bytes. From now on the receiver waits for them. */
  granted(envelope: Envelope, peer: Peer): void {
    const outgoing = peer.sends.get(envelope.id);
    const request = outgoing?.request;
    if (outgoing === undefined || request === undefined) return;
    outgoing.request = undefined;
    this.#outbound.answer(envelope, kind.payload, envelope.bytes, request.parcel);
  }

  /** The receiver has the message. */
  received({ id }: Envelope, peer: Peer): void {
    this.#waits.settled++;
    this.#settle(peer, id, peer.sends.get(id)?.refusal);
  }

  /** Resolves when the sends that wait now have settled; with a call, those of that call. */
  settled(call?: Call): Promise<unknown> {
    const waiting = [...this.#peers].flatMap(([, { sends }]) => [...sends.values()]);
    return Promise.allSettled(
      waiting.filter((each) => call === undefined || each.call === call).map(({ done }) => done),
    );
  }

  /** The users' sends that are not yet matched, or not yet fetched. */
  get undelivered(): Call[] {
    const calls = [...this.#peers].flatMap(([, { sends, ending }]) =>
      ending === undefined ? [...sends.values()] : [],
    );
    return calls.filter(({ isMessage }) => isMessage).map(({ call }) => located(call));
  }

  /** Whether receivers may still read the memory that this call lent. */
  areUnderWay(call: Call): boolean {
    for (const [, { sends }] of this.#peers)
      for (const outgoing of sends.values()) if (outgoing.call === call) return true;
    return false;
  }

  /** Rejects the sends for which `why` gives an error. */
  refuse(why: Refusal): void {
    for (const [rank, peer] of this.#peers) {
      for (const [id, { call }] of peer.sends) {
        const error = why(call, rank);
        if (error !== undefined) this.#settle(peer, id, error);
      }
    }
  }

  /**
   * Rejects the sends of one channel: those that are not matched at once, others when their receiver has answered and no longer reads
   * the caller's memory.
   */
  refuseIn(channel: Channel, errorOf: (call: Call) => MpiError): void {
    for (const [rank, peer] of this.#peers) {
      for (const [id, outgoing] of peer.sends) {
        if (outgoing.channel !== channel) continue;
        outgoing.refusal = errorOf(outgoing.call);
        this.#withdraw(rank, peer, id, outgoing, outgoing.refusal);
      }
    }
  }

  /**
   * Withdraws the messages of a call that are announced and not matched: they will not be delivered. Matched ones are
   * delivered: see {@link settled}. The call itself has failed, so these rejections need no handler.
   */
  cancel(call: Call, error: MpiError): void {
    for (const [rank, peer] of this.#peers) {
      for (const [id, outgoing] of peer.sends) {
        if (outgoing.call !== call) continue;
        ignore(outgoing.done);
        this.#withdraw(rank, peer, id, outgoing, error);
      }
    }
  }

  *pending(): Generator<PendingCall, void> {
    for (const [rank, peer] of this.#peers) {
      for (const outgoing of peer.sends.values()) {
        yield { call: outgoing.call, rank, divert: (detour) => outgoing.divert(detour) };
      }
    }
  }

  /** Polls some microseconds for credit: a program that sends without ever waiting has not polled for it yet. */
  #isGranted(dest: number, peer: Peer, cost: number): boolean {
    const enough: Watch = { advance: () => cost <= peer.credit };
    return this.#transport.linger?.(enough, dest) ?? false;
  }

  #outgoing(
    peer: Peer,
    id: number,
    dest: number,
    call: Call,
    channel: Channel,
    signal: AbortSignal | undefined,
    isMessage: boolean,
  ): Outgoing {
    if (isMessage) this.#waits.beginCall(call);
    else this.#waits.begin();
    const outgoing = new Outgoing(call, channel, isMessage);
    peer.sends.set(id, outgoing);
    if (signal !== undefined) {
      outgoing.forget = onAbort(signal, (reason) => {
        // A message to a rank that has ended was never announced.
        if (peer.ending !== undefined) this.#settle(peer, id, this.#liveness.aborted(call, reason));
        else this.#withdraw(dest, peer, id, outgoing, this.#liveness.aborted(call, reason));
      });
    }
    return outgoing;
  }

  /** Withdraws a message that is announced and not matched, so that its send may reject. */
  #withdraw(dest: number, peer: Peer, id: number, { request }: Outgoing, error: Error): void {
    if (request === undefined) return;
    if (!request.envelope.collective) peer.messages--;
    this.#settle(peer, id, error);
    this.#outbound.withdraw(dest, request.envelope);
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
