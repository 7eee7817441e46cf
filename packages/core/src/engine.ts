import { onAbort } from "./abort.ts";
import type { Ending, Mail, Unreceived } from "./bootstrap.ts";
import type { Call, Identity } from "./call.ts";
import { type Detour, type Divert, locate } from "./call-site.ts";
import { Channel } from "./channel.ts";
import { eventLoopTurn } from "./clock.ts";
import { byteLength, decode, encode, landing, type Parcel } from "./codec.ts";
import { type Envelope, type Kind, kind } from "./envelope.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./errors.ts";
import { Expected } from "./expected.ts";
import { Fate, wasLost } from "./fate.ts";
import { isLinked } from "./list.ts";
import { any, type Finish, Letter, Posted } from "./mailbox.ts";
import type { TypedArray } from "./op.ts";
import { empty, ownCopy, type Packet, withOwnAttachments } from "./packet.ts";
import type { Peer } from "./peer.ts";
import { Roster } from "./roster.ts";
import type { Board, Receiver, Transport, Watch } from "./transport.ts";
import { within } from "./within.ts";

export interface SendOptions {
  /** Resolve when the message is matched. */
  sync?: boolean | undefined;
  /** For collectives: what this message is part of. */
  signature?: number;
  signal?: AbortSignal | undefined;
}

/** What a packet that is no message is about. */
type Subject = Pick<Envelope, "collective" | "context" | "tag" | "id" | "signature">;

/** A call that waits, and for which rank of the world: undefined for any. */
export interface Pending {
  readonly call: Call;
  readonly rank: number | undefined;
  /** Of a collective: its communicator's number, and its own in there. */
  readonly collective?: { readonly context: number; readonly number: number };
  /** See {@link Posted.divert}. */
  readonly divert?: Divert | undefined;
}

/** What a call waits for on a board. */
export interface BoardWatch extends Watch {
  /** The rank in the world that it waits for. */
  readonly missing: number;
}

/** One that waits. */
interface Watched {
  readonly watch: BoardWatch;
  readonly channel: Channel;
  readonly posted: Posted;
}

/**
 * How long after a rank's good end those who wait for it are told that they wait in vain. It may have ended because a
 * collective failed, and the notice that says why comes from a third rank, on another way.
 */
const graceMs = 50;

/**
 * A collective that waits for longer than this asks whether it waits in vain. Rare enough to cost an idle rank nothing:
 * four looks a second, of a microsecond each.
 */
const askMs = 250;

/** What a message costs its receiver besides its data, counted against the credit. */
const letterBytes = 256;

/**
 * One rank's machinery: the transport below, the mailboxes above, and for each peer what is on its way.
 *
 * Small messages are sent at once while the peer gives credit; the others wait until they are matched:
 * ```text
 *   sender                         receiver
 *     │ ── request (id, size) ──►    │  takes its place among the arrived, like any message
 *     │ ◄── grant (id) ──────────    │  when a receive matches it
 *     │ ── payload (id) ────────►    │  lent to the transport, not copied
 *     │ ◄── received (id) ───────    │  now `send` resolves: the buffer may be changed
 * ```
 * Where an answer takes as long as the bytes do, those of a middling message follow at once, lent, as long as there is
 * credit: a message, and `received` when it is matched. A receiver that is busy thus holds at most the credit and one
 * envelope per outstanding send.
 */
export class Engine implements Receiver {
  readonly who: Identity;
  readonly #transport: Transport;
  readonly #roster: Roster;
  readonly #fate: Fate;
  readonly #channels: Map<number, Channel> = new Map();
  /** Channels that were closed here: their numbers are never used again. */
  readonly #released: Set<number> = new Set();
  readonly #watched: Watched[] = [];
  #order = 0;
  #nextId = 1;
  /** Operations of this rank that wait for others. While there are any, arrivals are listened to. */
  #waits = 0;
  #steps = 0;
  /** Calls that have waited and wait no more, and as many before somebody lingered. */
  #settled = 0;
  #settledBefore = 0;
  /** What a receive that does not wait yet looks for. */
  readonly #expected: Expected = new Expected();
  readonly #explain = (call: Call, error: unknown): Error => this.explained(call, error);
  readonly #anySettled: Watch = { advance: () => this.#settled !== this.#settledBefore };
  #asking: NodeJS.Timeout | undefined;

  constructor(who: Identity, transport: Transport) {
    this.who = who;
    this.#roster = new Roster(who.size);
    this.#fate = new Fate(who, this.#roster);
    this.#transport = transport;
    transport.receiver = this;
  }

  channel(context: number, collective: boolean): Channel {
    const key = keyOf(context, collective);
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = new Channel(context, collective, this.#matched);
      if (collective) this.#asking ??= setInterval(() => this.#look(), askMs).unref();
      this.#channels.set(key, channel);
    }
    return channel;
  }

  /** The communicator was closed: withdraws its receives, and what nobody will receive counts as received. */
  release(channel: Channel, why?: (call: Call) => MpiError): void {
    if (why !== undefined) this.#rejectWaiting(channel, ({ call }) => why(call));
    for (const { envelope, body, settled } of channel.mailbox.sweep(any, any)) {
      if (!settled) this.#discard(envelope, body);
    }
    const key = keyOf(channel.context, channel.collective);
    this.#channels.delete(key);
    this.#released.add(key);
  }

  /** Notes what waits, and since when: too coarse for a clock, but nothing that is paid for by each call. */
  #look(): void {
    if (this.#waits === 0) return;
    const now = performance.now();
    for (const { call } of this.pending()) call.since ??= now;
    this.ask(false);
  }

  /**
   * Asks those for whom a collective here has waited since the last time (or at all) whether they are in the same one:
   * two roots that each wait for the other would never know. Tells whether anything was asked.
   */
  ask(atOnce: boolean): boolean {
    let asked = false;
    for (const channel of this.#channels.values()) {
      if (!channel.collective) continue;
      for (const posted of channel.mailbox.waiting) {
        const signature = channel.signatureOf?.(posted.tag);
        const due = atOnce ? posted.asked !== "yes" : posted.asked === "next time";
        posted.asked = due ? "yes" : posted.asked === "yes" ? "yes" : "next time";
        if (!due || signature === undefined || posted.source === this.who.rank) continue;
        const { source, tag, call } = posted;
        void locate(call, divertOf(posted)).then((site) => this.question(channel, source, tag, signature, site));
        asked = true;
      }
    }
    return asked;
  }

  /** Asks rank `dest` whether it is in the same collective; `site` is where this rank is in it. */
  question(channel: Channel, dest: number, number: number, signature: number, site: string | undefined): void {
    if (this.#fate.over || this.#roster.get(dest).ending !== undefined) return;
    this.#tell(channel, dest, kind.question, number, signature, encode(site));
  }

  /** Whether it is known that nobody has ever sent this rank anything. */
  get silent(): boolean {
    return this.#transport.silent ?? false;
  }

  /** Resolves with the promise, after so long at the latest, and hears of what arrives meanwhile. */
  async listenWhile(promise: Promise<unknown>, mostMs: number): Promise<void> {
    this.#wait(1);
    await within(mostMs, promise);
    this.#wait(-1);
  }

  /** Where the ranks of a communicator post what they have for its collectives, if they share memory. */
  board(channel: Channel): Board | undefined {
    return this.#transport.board?.(channel.context, channel.members);
  }

  /** Resolves when `watch` has seen all that it waits for, which is part of collective `number`. */
  watch(channel: Channel, number: number, call: Call, watch: BoardWatch): Promise<void> {
    const posted = new Posted(any, number, false, call, nothing);
    this.#wait(1);
    this.#watched.push({ watch, channel, posted });
    if (this.#fate.inVain) this.#refuseWatched((call, rank) => this.#fate.hopeless(call, rank));
    return posted.promise as Promise<void>;
  }

  /** Looks for some microseconds whether that can be had without waiting. */
  linger(watch: Watch): boolean {
    if (this.#waits > 0 || !(this.#transport.linger?.(watch) ?? false)) return false;
    this.#steps++;
    return true;
  }

  glance(sleeps: boolean): boolean {
    const watched = this.#watched;
    let any = false;
    for (let i = 0; i < watched.length; i++) {
      const { watch, posted } = watched[i] as Watched;
      let error: Error | undefined;
      try {
        if (!watch.advance(sleeps)) {
          // It may wait for another rank now, one that has ended.
          error = this.#fate.hopeless(posted.call, watch.missing);
          if (error === undefined) continue;
        }
      } catch (thrown) {
        error = this.explained(posted.call, thrown);
      }
      watched.splice(i--, 1);
      any = true;
      if (error !== undefined) {
        this.#refuse(posted, error);
        continue;
      }
      this.#settled++;
      this.#wait(-1);
      posted.resolve(undefined);
    }
    return any;
  }

  /** How the promise that this call waits for can be diverted. */
  divertOf(call: Call): Divert | undefined {
    for (const pending of this.pending()) if (pending.call === call) return pending.divert;
    return undefined;
  }

  /**
   * Takes what has arrived with this tag out of the mailbox unseen. Gives one of the messages, unless it is of a rank that
   * was lost: the last it said may never have been asked for.
   */
  dismiss(channel: Channel, tag: number): Envelope | undefined {
    const letters = channel.mailbox.sweep(any, tag);
    for (const { envelope, body, settled } of letters) if (!settled) this.#discard(envelope, body);
    return letters.find(({ envelope: { source } }) => !wasLost(this.#roster.get(source)))?.envelope;
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
    const { rank } = this.who;
    const self = dest === rank;
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
    this.#post(
      dest,
      peer,
      {
        kind: eager ? kind.message : kind.request,
        collective,
        sync: answered,
        context,
        source: rank,
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

  /** Whether the credit comes within microseconds: whoever sends without ever waiting has not looked for it yet. */
  #isGranted(dest: number, peer: Peer, cost: number): boolean {
    const enough: Watch = { advance: () => cost <= peer.credit };
    return this.#transport.linger?.(enough, dest) ?? false;
  }

  /**
   * The next letter from `source` (a rank of the world, or `any`) with its body, taken out of the mailbox: what `finish`
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
    if (signal?.aborted) return Promise.reject(this.#fate.aborted(call, signal.reason));
    const letter = channel.mailbox.next(source, tag);
    if (letter !== undefined) return this.#open(letter, call, finish, into);
    if (this.#comesNow(channel, source, tag, call, finish, into))
      return this.#expected.take(this.#explain) as Promise<T>;
    return this.#await(channel, new Posted(source, tag, false, call, finish, into), signal);
  }

  /**
   * Whether a letter comes within microseconds, before anything is made that could wait for it. Another call that gets
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
    if (this.#transport.linger === undefined || this.#fate.over || !channel.mailbox.isFree(source, tag)) return false;
    const expected = this.#expected;
    expected.begin(channel, source, tag, call, finish, into);
    this.#settledBefore = this.#settled;
    this.#transport.linger(this.#anySettled, source);
    return expected.end();
  }

  /** The next letter, left in the mailbox; held for whoever asked until the end of this turn. */
  probe<T>(
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(this.#fate.aborted(call, signal.reason));
    return this.#await(channel, new Posted(source, tag, true, call, finish), signal);
  }

  /** Takes exactly this letter, or tells with undefined that somebody else has it. */
  take<T>(channel: Channel, letter: Letter, call: Call, finish: Finish<T>, into?: TypedArray): Promise<T> | undefined {
    return channel.mailbox.take(letter) ? this.#open(letter, call, finish, into) : undefined;
  }

  /** Looks at what has arrived, after one turn of the event loop so that arrivals have had their chance. */
  async peek(channel: Channel, source: number, tag: number, call: Call): Promise<Letter | undefined> {
    this.refuseIfStopped(call);
    const found = channel.mailbox.peek(source, tag);
    if (found !== undefined) return found;
    this.#wait(1);
    await eventLoopTurn();
    this.#wait(-1);
    return channel.mailbox.peek(source, tag);
  }

  /** Tells rank `dest` that collective `number` of this channel has failed. */
  notify(channel: Channel, dest: number, number: number, error: Parcel): void {
    if (dest === this.who.rank) return;
    this.#tell(channel, dest, kind.failure, number, 0, error);
  }

  // Arrivals

  packet(envelope: Envelope, body: Packet, borrowed: boolean): void {
    this.#steps++;
    const { source } = envelope;
    const peer = this.#roster.known(source) ?? this.#stranger(source);
    if (peer === undefined) return;
    const lost = (envelope.sequence - peer.received) >>> 0;
    if (lost !== 0) {
      const what = `${lost} packets from rank ${source} were lost on the way`;
      this.failed(new MpiError("protocol", what, { rank: source }));
      return;
    }
    peer.received = (peer.received + 1) >>> 0;
    // Whoever waited for it has been told that it is gone, and may have gone on without it.
    if (wasLost(peer)) return;
    this.#dispatch(envelope, body, borrowed, peer);
    if (peer.graceOver) this.#settle(source);
  }

  landing(envelope: Envelope, head: Uint8Array, bytes: number): Uint8Array | undefined {
    const posted =
      envelope.kind === kind.message
        ? this.#expecting(envelope)
        : this.#roster.known(envelope.source)?.payloads.get(envelope.id)?.posted;
    return posted?.into && landing(posted.into, head, bytes);
  }

  /** The receive that a message which is about to be delivered will go to. */
  #expecting(envelope: Envelope): Posted | Expected | undefined {
    const channel = this.#channels.get(keyOf(envelope.context, envelope.collective));
    if (channel === undefined || channel.over?.(envelope)) return undefined;
    if (this.#expected.fits(channel, envelope)) return this.#expected;
    return channel.mailbox.expects(envelope.source, envelope.tag);
  }

  /** A rank that has not sent anything before. */
  #stranger(source: number): Peer | undefined {
    try {
      return this.#roster.get(source);
    } catch (error) {
      this.failed(error as Error);
      return undefined;
    }
  }

  failed(error: Error): void {
    this.stop("protocol", error.message, { rank: error instanceof MpiError ? error.rank : undefined, cause: error });
  }

  #dispatch(envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer): void {
    const { id } = envelope;
    switch (envelope.kind) {
      case kind.message:
        this.#arrive(envelope, body, borrowed);
        break;
      case kind.request:
        this.#arrive(envelope, undefined, false);
        break;
      case kind.grant: {
        const outgoing = peer.sends.get(id);
        if (outgoing?.parcel !== undefined) this.#answer(envelope, kind.payload, envelope.bytes, outgoing.parcel);
        break;
      }
      case kind.payload: {
        const incoming = peer.payloads.get(id);
        peer.payloads.delete(id);
        this.#answer(envelope, kind.received);
        if (incoming === undefined) break;
        const { posted, letter } = incoming;
        letter.body = body;
        letter.borrowed = borrowed;
        letter.settled = true;
        this.#complete(posted, letter);
        break;
      }
      case kind.received: {
        const outgoing = peer.sends.get(id);
        peer.sends.delete(id);
        this.#settled++;
        outgoing?.resolve();
        break;
      }
      case kind.credit:
        peer.credit += envelope.bytes;
        break;
      case kind.question: {
        const channel = this.#channelOf(envelope);
        if (channel === undefined) break;
        const question = { ...envelope, site: textIn(body) };
        channel.questions.set(envelope.tag, question);
        channel.onQuestion?.(question);
        break;
      }
      case kind.failure: {
        const channel = this.#channelOf(envelope);
        const notice = borrowed ? ownCopy(body) : body;
        channel?.failures.set(envelope.tag, notice);
        channel?.onFailure?.(envelope.tag, notice);
        break;
      }
    }
  }

  #arrive(envelope: Envelope, body: Packet | undefined, borrowed: boolean): void {
    const channel = this.#channelOf(envelope);
    if (channel === undefined || channel.over?.(envelope)) {
      this.#discard(envelope, body);
      return;
    }
    const order = this.#order++;
    if (this.#expected.fits(channel, envelope)) {
      this.#settled++;
      if (body !== undefined) {
        this.#received(envelope);
        this.#expected.meet(envelope, body, borrowed, order);
        return;
      }
      this.#expected.giveUp(); // its receiver has to ask for the rest, and to wait for that; nothing may overtake it
    }
    channel.mailbox.arrive(new Letter(envelope, body, borrowed, order));
  }

  /** The channel that a packet is for; undefined when it was closed here. */
  #channelOf({ context, collective }: Envelope): Channel | undefined {
    const key = keyOf(context, collective);
    return this.#channels.get(key) ?? (this.#released.has(key) ? undefined : this.channel(context, collective));
  }

  /** Nobody will receive this message: it counts as received, so that its sender neither waits nor runs out of credit. */
  #discard(envelope: Envelope, body: Packet | undefined): void {
    if (!envelope.collective) this.#roster.get(envelope.source).taken++;
    if (body === undefined) this.#answer(envelope, kind.grant);
    else if (envelope.source !== this.who.rank) this.#giveBack(envelope, this.#roster.get(envelope.source));
    if (body !== undefined && envelope.sync) this.#answer(envelope, kind.received);
  }

  // Ends

  /** A rank ended in good order; `last` is how many packets it sent to this rank, when it could say so. */
  peerEnded(ending: Ending, last: number | undefined): void {
    const peer = this.#fate.ended(ending, last);
    const timer = setTimeout(() => {
      peer.graceOver = true;
      this.#settle(ending.rank);
    }, graceMs);
    if (this.#waits === 0) timer.unref();
  }

  /** The job can go on no more: whatever waits rejects now, and so does every further call. */
  stop(code: MpiErrorCode, why: string, details: MpiErrorDetails = {}): void {
    if (this.#fate.end(code, why, details)) this.#rejectAll((call) => this.#fate.refusal(call));
  }

  /** Whether every one of these ranks but this one has ended with exit code 0. */
  endedWell(ranks: readonly number[]): boolean {
    return this.#fate.endedWell(ranks);
  }

  /** Whether the job, or this rank's part in it, is over: every call rejects, on the other ranks too. */
  get stopped(): boolean {
    return this.#fate.over;
  }

  /** Throws what every call rejects with when that is so. */
  refuseIfStopped(call: Call): void {
    if (this.#fate.over) throw this.#fate.refusal(call);
  }

  /** Whether some call of this rank waits for others. */
  get waiting(): boolean {
    return this.#waits > 0;
  }

  /** Grows whenever something happens here: who sees the same number twice knows that nothing did in between. */
  get steps(): number {
    return this.#steps;
  }

  /** Whether a rank has ended and those who wait for it are about to be told. */
  get settling(): boolean {
    return this.#roster.settling;
  }

  /** What the calls of this rank wait for: `rank` is the other's in the world, undefined for any. */
  *pending(): Generator<Pending, void> {
    for (const { collective, context, mailbox } of this.#channels.values()) {
      for (const posted of mailbox.waiting) {
        const { call, source, tag } = posted;
        const pending = { call, rank: source === any ? undefined : source, divert: divertOf(posted) };
        yield collective ? { ...pending, collective: { context, number: tag } } : pending;
      }
    }
    for (const { watch, channel, posted } of this.#watched) {
      const { call, tag: number } = posted;
      const collective = { context: channel.context, number };
      yield { call, rank: watch.missing, divert: divertOf(posted), collective };
    }
    for (const [rank, peer] of this.#roster) {
      for (const [id, { call }] of peer.sends) {
        yield { call, rank, divert: (detour) => this.#divertSend(peer, id, detour) };
      }
      for (const { posted } of peer.payloads.values()) yield { call: posted.call, rank, divert: divertOf(posted) };
    }
  }

  /** Messages of users that have arrived and that nobody has received. */
  *unreceived(): Generator<Envelope, void> {
    for (const { collective, mailbox } of this.#channels.values()) {
      if (!collective) for (const { envelope } of mailbox.letters) yield envelope;
    }
  }

  /** What became of users' messages so far. */
  get mail(): Mail {
    return { ...this.#roster.mail, unreceived: countMessages(this.unreceived()) };
  }

  /** Packets sent to each rank, for those who wait for the last of them. */
  get sent(): Record<string, number> {
    return this.#roster.count(({ sent }) => sent);
  }

  /** Packets received from each rank. */
  get received(): Record<string, number> {
    return this.#roster.count(({ received }) => received);
  }

  /** Resolves when every send is done with and its bytes are on their way, after `timeoutMs` at the latest. */
  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const sends = [...this.#roster].flatMap(([, peer]) => [...peer.sends.values()].map(({ done }) => done));
    await within(timeoutMs, Promise.allSettled(sends));
    await this.#transport.flush(Math.max(0, deadline - performance.now()));
  }

  flushSync(): void {
    this.#transport.flushSync();
  }

  async close(): Promise<void> {
    clearInterval(this.#asking);
    this.stop("closed", "this world was closed");
    await this.#transport.close();
  }

  /** Once a rank has ended and all it sent has arrived, whoever waits for it alone waits in vain. */
  #settle(rank: number): void {
    const peer = this.#roster.get(rank);
    if (peer.gone || !peer.graceOver || peer.received < (peer.last ?? 0)) return;
    peer.gone = true;
    this.glance(false);
    if (this.#waits > 0) {
      this.#rejectAll((call, source, channel, tag) => this.#fate.hopeless(call, source, channel, tag));
    }
  }

  #rejectAll(why: (call: Call, source: number, channel?: Channel, tag?: number) => MpiError | undefined): void {
    for (const channel of this.#channels.values()) {
      this.#rejectWaiting(channel, ({ call, source, tag }) => why(call, source, channel, tag));
    }
    this.#refuseWatched(why);
    const { channel, source, tag, call } = this.#expected;
    const error = call && channel && why(call, source, channel, tag);
    if (error !== undefined) {
      this.#settled++;
      this.#expected.refuse(error);
    }
    for (const [rank, peer] of this.#roster) {
      for (const [id, outgoing] of peer.sends) {
        const error = why(outgoing.call, rank);
        if (error === undefined) continue;
        peer.sends.delete(id);
        outgoing.reject(error);
      }
      for (const [id, { posted }] of peer.payloads) {
        const error = why(posted.call, rank);
        if (error === undefined) continue;
        peer.payloads.delete(id);
        this.#refuse(posted, error);
      }
    }
  }

  #rejectWaiting(channel: Channel, why: (posted: Posted) => MpiError | undefined): void {
    for (const posted of channel.mailbox.waiting) {
      const error = why(posted);
      if (error === undefined) continue;
      channel.mailbox.withdraw(posted);
      this.#refuse(posted, error);
    }
  }

  #refuseWatched(why: (call: Call, source: number) => MpiError | undefined): void {
    for (const one of [...this.#watched]) {
      const error = why(one.posted.call, one.watch.missing);
      if (error === undefined) continue;
      this.#watched.splice(this.#watched.indexOf(one), 1);
      this.#refuse(one.posted, error);
    }
  }

  /** Ends whatever this one call is waiting for. */
  reject(call: Call, error: MpiError): void {
    this.#rejectAll((other) => (other === call ? error : undefined));
  }

  /** The error such that it says who and which call, if it does not yet. */
  explained(call: Call, error: unknown): Error {
    return this.#fate.explained(call, error);
  }

  // Waiting

  #await<T>(channel: Channel, posted: Posted, signal: AbortSignal | undefined): Promise<T> {
    const { source, tag, call } = posted;
    this.#wait(1);
    channel.mailbox.post(posted);
    if (!isLinked(posted)) return posted.promise as Promise<T>;
    const hopeless = this.#fate.hopeless(call, source, channel, tag);
    if (hopeless !== undefined) {
      channel.mailbox.withdraw(posted);
      this.#refuse(posted, hopeless);
    } else if (signal !== undefined) {
      // A receive that is matched already completes, whatever the signal does: its message must not be lost.
      posted.forget = onAbort(signal, (reason) => {
        if (!isLinked(posted)) return;
        channel.mailbox.withdraw(posted);
        this.#refuse(posted, this.#fate.aborted(call, reason));
      });
    }
    return posted.promise as Promise<T>;
  }

  /** A receive (or probe) that waited has met its letter. */
  readonly #matched = (posted: Posted, letter: Letter): void => {
    if (posted.probe) this.#complete(posted, letter);
    else if (letter.body === undefined) this.#fetch(posted, letter);
    else {
      this.#acknowledge(letter);
      this.#complete(posted, letter);
    }
  };

  /** A letter was there when it was asked for. */
  #open<T>(letter: Letter, call: Call, finish: Finish<T>, into: TypedArray | undefined): Promise<T> {
    if (letter.body === undefined) {
      const posted = new Posted(letter.source, letter.tag, false, call, finish, into);
      this.#wait(1);
      this.#fetch(posted, letter);
      return posted.promise as Promise<T>;
    }
    this.#steps++;
    this.#acknowledge(letter);
    try {
      return Promise.resolve(finish(letter));
    } catch (error) {
      return Promise.reject(this.explained(call, error));
    }
  }

  /** Asks for the body of a letter that still waits at the sender. */
  #fetch(posted: Posted, letter: Letter): void {
    const { envelope } = letter;
    const peer = this.#roster.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    peer.payloads.set(envelope.id, { posted, letter });
    this.#answer(envelope, kind.grant);
  }

  /** The caller gets its letter. */
  #complete(posted: Posted, letter: Letter): void {
    this.#settled++;
    posted.forget?.();
    this.#wait(-1);
    try {
      posted.resolve(posted.finish(letter));
    } catch (error) {
      posted.reject(this.explained(posted.call, error));
    }
  }

  #refuse(posted: Posted, error: Error): void {
    this.#settled++;
    posted.forget?.();
    this.#wait(-1);
    posted.reject(error);
  }

  /** A letter with its body was taken out: its sender is told what it wants to know. */
  #acknowledge(letter: Letter): void {
    if (letter.settled) return;
    letter.settled = true;
    this.#received(letter.envelope);
  }

  #received(envelope: Envelope): void {
    const peer = this.#roster.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    if (envelope.sync) this.#answer(envelope, kind.received);
    if (envelope.source !== this.who.rank) this.#giveBack(envelope, peer);
  }

  #giveBack(envelope: Envelope, peer: Peer): void {
    peer.owed += envelope.bytes + letterBytes;
    if (!peer.owesMuch) return;
    this.#answer(envelope, kind.credit, peer.owed);
    peer.owed = 0;
  }

  #outgoing(
    peer: Peer,
    id: number,
    parcel: Parcel | undefined,
    call: Call,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#wait(1);
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
      this.#wait(-1);
    });
  }

  #divertSend(peer: Peer, id: number, detour: Detour): void {
    const outgoing = peer.sends.get(id);
    if (outgoing === undefined) return;
    const { promise, resolve, reject } = withResolvers<void>();
    peer.sends.set(id, { ...outgoing, resolve, reject });
    outgoing.resolve(detour(promise));
  }

  #wait(change: 1 | -1): void {
    this.#steps++;
    this.#waits += change;
    if (change === 1 && this.#waits === 1) this.#transport.listen(true);
    else if (this.#waits === 0) this.#transport.listen(false);
  }

  // Departures

  /** Answers within the conversation that `envelope` belongs to. */
  #answer(envelope: Envelope, answer: Kind, bytes: number = envelope.bytes, body: Packet = empty): void {
    this.#say(envelope.source, answer, envelope, bytes, body, true);
  }

  /** Tells rank `dest` something about collective `number`. */
  #tell(
    { context, collective }: Channel,
    dest: number,
    what: Kind,
    number: number,
    signature: number,
    body: Packet,
  ): void {
    this.#say(dest, what, { context, collective, tag: number, id: 0, signature }, 0, body, false);
  }

  #say(dest: number, what: Kind, about: Subject, bytes: number, body: Packet, lent: boolean): void {
    const { collective, context, tag, id, signature } = about;
    const peer = this.#roster.get(dest);
    const { sent: sequence } = peer;
    const { rank: source } = this.who;
    this.#post(
      dest,
      peer,
      { kind: what, collective, sync: false, context, source, tag, id, sequence, bytes, signature },
      body,
      lent,
    );
  }

  /** Envelopes are always written with their fields in the same order: code that reads them then knows where they are. */
  #post(dest: number, peer: Peer, envelope: Envelope, body: Packet, lent: boolean): void {
    if (dest === this.who.rank) {
      this.#dispatch(envelope, lent ? body : withOwnAttachments(body), false, peer);
      return;
    }
    if (peer.ending !== undefined) return;
    peer.sent = (peer.sent + 1) >>> 0;
    this.#transport.send(dest, envelope, body, lent);
  }
}

/** By source and tag. */
export function countMessages(envelopes: Iterable<Envelope>): Unreceived[] {
  const kinds = new Map<string, Unreceived>();
  for (const { source, tag } of envelopes) {
    const kind = kinds.get(`${source} ${tag}`);
    if (kind === undefined) kinds.set(`${source} ${tag}`, { source, tag, count: 1 });
    else kind.count += 1;
  }
  return [...kinds.values()];
}

/** The body of a question. What cannot be read is not worth an error: it is part of one already. */
function textIn(body: Packet): string | undefined {
  try {
    const text = decode(body);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

function divertOf(posted: Posted): Divert {
  return (detour) => posted.divert(detour);
}

function keyOf(context: number, collective: boolean): number {
  return context * 2 + (collective ? 1 : 0);
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

function nothing(): void {}

const done: Promise<void> = Promise.resolve();
const asUsual: SendOptions = {};
