import { onAbort } from "../abort.ts";
import type { Call } from "../call.ts";
import type { Detour } from "../call-site.ts";
import type { Channel } from "../channel.ts";
import { byteLength, type Parcel } from "../codec.ts";
import { type Envelope, kind } from "../envelope.ts";
import { empty, withOwnAttachments } from "../packet.ts";
import type { Transport, Watch } from "../transport.ts";
import type { Departures } from "./departures.ts";
import type { Fate } from "./fate.ts";
import { letterBytes, type Peer } from "./peer.ts";
import type { Pending } from "./pending.ts";
import type { Roster } from "./roster.ts";
import type { Refusal, Waits } from "./waits.ts";

export interface SendOptions {
  /** Resolve when the message is matched. */
  sync?: boolean | undefined;
  /** For collectives: what this message is part of. */
  signature?: number;
  signal?: AbortSignal | undefined;
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
    { sync = false, signature = 0, signal }: SendOptions = asUsual,
  ): Promise<void> {
    const peer = this.#roster.get(dest);
    if (this.#fate.over) return Promise.reject(this.#fate.refusal(call));
    if (peer.gone && peer.ending !== undefined) return Promise.reject(this.#fate.bereaved(call, peer.ending));
    if (signal?.aborted) return Promise.reject(this.#fate.aborted(call, signal.reason));
    const bytes = byteLength(parcel);
    const id = this.#nextId++;
    // It has ended, and the last it sent is still on its way: that may tell more than that it is gone.
    if (peer.ending !== undefined) return this.#outgoing(peer, id, undefined, call, signal);
    const { context, collective } = channel;
    const source = this.#rank;
    const self = dest === source;
    const cost = bytes + letterBytes;
    if (!collective) {
      peer.messages++;
      peer.lastTag = tag;
    }
    const small = self || bytes <= this.#transport.eagerBytes;
    // Not what may be cancelled: its sender could change it while it is on its way.
    const ahead = !small && signal === undefined && (this.#transport.sendsAhead?.(dest, bytes) ?? false);
    const eager = self || ((small || ahead) && (cost <= peer.credit || this.#isGranted(dest, peer, cost)));
    const answered = sync || (eager && !small);
    // Before it is posted: to oneself it may be matched, and answered, within that call.
    const sent = eager && !answered ? done : this.#outgoing(peer, id, eager ? undefined : parcel, call, signal);
    if (eager && !self) peer.credit -= cost;
    this.#departures.post(
      dest,
      peer,
      {
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
      },
      eager ? parcel : empty,
      ahead,
    );
    return sent;
  }

  /** The receiver asks for the bytes of a message: it has matched it. */
  granted(envelope: Envelope, peer: Peer): void {
    const parcel = peer.sends.get(envelope.id)?.parcel;
    if (parcel !== undefined) this.#departures.answer(envelope, kind.payload, envelope.bytes, parcel);
  }

  /** The receiver has them. */
  received({ id }: Envelope, peer: Peer): void {
    const outgoing = peer.sends.get(id);
    peer.sends.delete(id);
    this.#waits.settled++;
    outgoing?.resolve();
  }

  /** Resolves when those that wait now wait no more. */
  settled(): Promise<unknown> {
    return Promise.allSettled(
      [...this.#roster].flatMap(([, { sends }]) => [...sends.values()].map(({ done }) => done)),
    );
  }

  refuse(why: Refusal): void {
    for (const [rank, { sends }] of this.#roster) {
      for (const [id, outgoing] of sends) {
        const error = why(outgoing.call, rank);
        if (error === undefined) continue;
        sends.delete(id);
        outgoing.reject(error);
      }
    }
  }

  *pending(): Generator<Pending, void> {
    for (const [rank, peer] of this.#roster) {
      for (const [id, { call }] of peer.sends) yield { call, rank, divert: (detour) => divert(peer, id, detour) };
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
    parcel: Parcel | undefined,
    call: Call,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#waits.begin();
    const { promise: sent, resolve, reject } = withResolvers<void>();
    peer.sends.set(id, { parcel, call, done: sent, resolve, reject });
    // The announcement cannot be taken back: cancelling stops the waiting and frees the caller's buffer by a late copy.
    const forget = onAbort(signal, (reason) => {
      const outgoing = peer.sends.get(id);
      if (outgoing?.parcel !== undefined)
        peer.sends.set(id, { ...outgoing, parcel: withOwnAttachments(outgoing.parcel) });
      outgoing?.reject(this.#fate.aborted(call, reason));
    });
    return sent.finally(() => {
      forget();
      this.#waits.end();
    });
  }
}

function divert(peer: Peer, id: number, detour: Detour): void {
  const outgoing = peer.sends.get(id);
  if (outgoing === undefined) return;
  const { promise, resolve, reject } = withResolvers<void>();
  peer.sends.set(id, { ...outgoing, resolve, reject });
  outgoing.resolve(detour(promise));
}

interface Resolvers<T> {
  promise: Promise<T>;
  resolve: (value: T | Promise<T>) => void;
  reject: (error: Error) => void;
}

/** Node 20 lacks Promise.withResolvers. */
function withResolvers<T>(): Resolvers<T> {
  const resolvers: Partial<Resolvers<T>> = {};
  resolvers.promise = new Promise<T>((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers as Resolvers<T>;
}

const done: Promise<void> = Promise.resolve();
const asUsual: SendOptions = {};
