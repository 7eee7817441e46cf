import { onAbort } from "./abort.ts";
import { describeEnding, type Ending } from "./bootstrap.ts";
import { type Call, failure, type Identity } from "./call.ts";
import { type Detour, type Divert, locate } from "./call-site.ts";
import { Channel } from "./channel.ts";
import { byteLength, decode, encode, type Parcel } from "./codec.ts";
import { type Envelope, kind, open, seal } from "./envelope.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./errors.ts";
import { any, Letter, Posted } from "./mailbox.ts";
import { Peer } from "./peer.ts";
import type { Packet, Receiver, Transport } from "./transport.ts";

export interface SendOptions {
  /** Resolve when the message is matched. */
  sync?: boolean;
  /** For collectives: what this message is part of. */
  signature?: number;
  signal?: AbortSignal | undefined;
}

/** A call that waits, and for which rank of the world: undefined for any. */
export interface Pending {
  readonly call: Call;
  readonly rank: number | undefined;
  /** Of a collective: its communicator's number, and its own in there. */
  readonly collective?: { readonly context: number; readonly number: number };
  /** See {@link Posted.divert}. */
  readonly divert?: Divert | undefined;
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
 * A receiver that is busy thus holds at most the credit and one envelope per outstanding send.
 */
export class Engine implements Receiver {
  readonly who: Identity;
  readonly #transport: Transport;
  /** What is kept about the ranks that this one has had to do with, by rank. */
  readonly #peers: Map<number, Peer> = new Map();
  readonly #channels: Map<number, Channel> = new Map();
  /** Channels that were closed here: their numbers are never used again. */
  readonly #released: Set<number> = new Set();
  #order = 0;
  #nextId = 1;
  /** Operations of this rank that wait for others. While there are any, arrivals are listened to. */
  #waits = 0;
  #steps = 0;
  #asking: NodeJS.Timeout | undefined;
  /** Why the job can go on no more: what every further call rejects with. */
  #fatal: { code: MpiErrorCode; why: string; details: MpiErrorDetails } | undefined;

  constructor(who: Identity, transport: Transport) {
    this.who = who;
    this.#transport = transport;
    transport.receiver = this;
  }

  channel(context: number, collective: boolean): Channel {
    const key = keyOf(context, collective);
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = new Channel(context, collective);
      if (collective) this.#asking ??= setInterval(() => this.#look(), askMs).unref();
      this.#channels.set(key, channel);
    }
    return channel;
  }

  /** The communicator was closed: withdraws its receives, and what nobody will receive counts as received. */
  release(channel: Channel, why?: (call: Call) => MpiError): void {
    if (why !== undefined) channel.mailbox.rejectWhere(({ call }) => why(call));
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
        const { source, tag, call, divert } = posted;
        void locate(call, divert).then((site) => this.question(channel, source, tag, signature, site));
        asked = true;
      }
    }
    return asked;
  }

  /** Asks rank `dest` whether it is in the same collective; `site` is where this rank is in it. */
  question(channel: Channel, dest: number, number: number, signature: number, site: string | undefined): void {
    if (this.#fatal !== undefined || this.#peer(dest).ending !== undefined) return;
    const fields = { collective: true, sync: false, id: 0, bytes: 0, context: channel.context };
    this.#post(dest, { ...fields, kind: kind.question, tag: number, signature }, encode(site));
  }

  /** Resolves with the promise, after so long at the latest, and hears of what arrives meanwhile. */
  async listenWhile(promise: Promise<unknown>, mostMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, mostMs);
    });
    this.#wait(1);
    await Promise.race([promise, enough]);
    clearTimeout(timer);
    this.#wait(-1);
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
    return letters.find(({ envelope: { source } }) => !this.#wasLost(this.#peer(source)))?.envelope;
  }

  /** Sends to rank `dest` of the world. Resolves when the value may be changed (`sync`: when it is matched). */
  send(channel: Channel, dest: number, tag: number, parcel: Parcel, call: Call, options: SendOptions): Promise<void> {
    const { sync = false, signature = 0, signal } = options;
    const peer = this.#peer(dest);
    if (this.#fatal !== undefined) return Promise.reject(this.#fail(call));
    if (peer.gone && peer.ending !== undefined) return Promise.reject(this.#gone(peer.ending, call));
    if (signal?.aborted) return Promise.reject(this.#aborted(call, signal.reason));
    const bytes = byteLength(parcel);
    const id = this.#nextId++;
    // It has ended, and the last it sent is still on its way: that may tell more than that it is gone.
    if (peer.ending !== undefined) return this.#outgoing(peer, id, undefined, call, signal);
    const fields = { collective: channel.collective, context: channel.context, tag, signature, bytes, id };
    const cost = bytes + letterBytes;
    const eager = dest === this.who.rank || (bytes <= this.#transport.eagerBytes && cost <= peer.credit);
    if (eager) {
      if (dest !== this.who.rank) peer.credit -= cost;
      // Before it is posted: to oneself it may be matched, and answered, within that call.
      const sent = sync ? this.#outgoing(peer, id, undefined, call, signal) : done;
      this.#post(dest, { ...fields, kind: kind.message, sync }, ownCopy(parcel));
      return sent;
    }
    const sent = this.#outgoing(peer, id, parcel, call, signal);
    this.#post(dest, { ...fields, kind: kind.request, sync }, undefined);
    return sent;
  }

  /** The next letter from `source` (a rank of the world, or `any`) with its body, taken out of the mailbox. */
  receive(channel: Channel, source: number, tag: number, call: Call, signal?: AbortSignal): Promise<Letter> {
    return this.#await(channel, source, tag, false, call, signal);
  }

  /** The next letter, left in the mailbox; held for whoever asked until the end of this turn. */
  probe(channel: Channel, source: number, tag: number, call: Call, signal?: AbortSignal): Promise<Letter> {
    return this.#await(channel, source, tag, true, call, signal);
  }

  /** Takes exactly this letter, or tells with undefined that somebody else has it. */
  take(channel: Channel, letter: Letter, call: Call): Promise<Letter> | undefined {
    if (!channel.mailbox.take(letter)) return undefined;
    this.#wait(1);
    return new Promise<Letter>((resolve, reject) => this.#matched(letter, call, resolve, reject)).finally(() =>
      this.#wait(-1),
    );
  }

  /** Looks at what has arrived, after one turn of the event loop so that arrivals have had their chance. */
  async peek(channel: Channel, source: number, tag: number, call: Call): Promise<Letter | undefined> {
    if (this.#fatal !== undefined) throw this.#fail(call);
    const found = channel.mailbox.peek(source, tag);
    if (found !== undefined) return found;
    this.#wait(1);
    await new Promise((resolve) => setImmediate(resolve));
    this.#wait(-1);
    return channel.mailbox.peek(source, tag);
  }

  /** Tells rank `dest` that collective `number` of this channel has failed. */
  notify(channel: Channel, dest: number, number: number, error: Parcel): void {
    if (dest === this.who.rank || this.#peer(dest).ending !== undefined) return;
    const fields = { collective: true, sync: false, id: 0, signature: 0, bytes: 0 };
    this.#post(dest, { ...fields, kind: kind.failure, context: channel.context, tag: number }, error);
  }

  // Arrivals

  packet(packet: Packet): void {
    this.#steps++;
    let envelope: Envelope;
    let body: Packet;
    try {
      ({ envelope, body } = open(packet));
      const peer = this.#peer(envelope.source);
      const lost = (envelope.sequence - peer.received) >>> 0;
      if (lost !== 0)
        throw new MpiError("protocol", `${lost} packets from rank ${envelope.source} were lost on the way`);
      peer.received = (peer.received + 1) >>> 0;
    } catch (error) {
      this.failed(error as Error);
      return;
    }
    // Whoever waited for it has been told that it is gone, and may have gone on without it.
    if (this.#wasLost(this.#peer(envelope.source))) return;
    this.#dispatch(envelope, body);
    this.#settle(envelope.source);
  }

  failed(error: Error): void {
    this.stop("protocol", error.message, { cause: error });
  }

  #dispatch(envelope: Envelope, body: Packet): void {
    const { source, id } = envelope;
    const peer = this.#peer(source);
    switch (envelope.kind) {
      case kind.message:
        this.#arrive(envelope, body);
        break;
      case kind.request:
        this.#arrive(envelope, undefined);
        break;
      case kind.grant: {
        const outgoing = peer.sends.get(id);
        if (outgoing?.parcel !== undefined) this.#answer(envelope, kind.payload, outgoing.parcel);
        break;
      }
      case kind.payload: {
        const incoming = peer.payloads.get(id);
        peer.payloads.delete(id);
        this.#answer(envelope, kind.received);
        incoming?.resolve(body);
        break;
      }
      case kind.received: {
        const outgoing = peer.sends.get(id);
        peer.sends.delete(id);
        outgoing?.resolve();
        break;
      }
      case kind.credit:
        peer.credit += envelope.bytes;
        break;
      case kind.question: {
        const channel = this.#open(envelope);
        if (channel === undefined) break;
        const question = { ...envelope, site: textIn(body) };
        channel.questions.set(envelope.tag, question);
        channel.onQuestion?.(question);
        break;
      }
      case kind.failure: {
        const channel = this.#open(envelope);
        channel?.failures.set(envelope.tag, body);
        channel?.onFailure?.(envelope.tag, body);
        break;
      }
    }
  }

  #arrive(envelope: Envelope, body: Packet | undefined): void {
    const channel = this.#open(envelope);
    if (channel === undefined || channel.over?.(envelope)) this.#discard(envelope, body);
    else channel.mailbox.arrive(new Letter(envelope, body, this.#order++));
  }

  /** The channel that a packet is for; undefined when it was closed here. */
  #open({ context, collective }: Envelope): Channel | undefined {
    const key = keyOf(context, collective);
    return this.#channels.get(key) ?? (this.#released.has(key) ? undefined : this.channel(context, collective));
  }

  /** Nobody will receive this message: it counts as received, so that its sender neither waits nor runs out of credit. */
  #discard(envelope: Envelope, body: Packet | undefined): void {
    if (body === undefined) this.#answer(envelope, kind.grant);
    else if (envelope.source !== this.who.rank) this.#giveBack(envelope, this.#peer(envelope.source));
    if (body !== undefined && envelope.sync) this.#answer(envelope, kind.received);
  }

  // Ends

  /** A rank ended in good order; `last` is how many packets it sent to this rank, when it could say so. */
  peerEnded(ending: Ending, last: number | undefined): void {
    const peer = this.#peer(ending.rank);
    peer.ending = ending;
    peer.last = last ?? peer.received;
    const timer = setTimeout(() => {
      peer.graceOver = true;
      this.#settle(ending.rank);
    }, graceMs);
    if (this.#waits === 0) timer.unref();
  }

  /** The job can go on no more: whatever waits rejects now, and so does every further call. */
  stop(code: MpiErrorCode, why: string, details: MpiErrorDetails = {}): void {
    if (this.#fatal !== undefined) return;
    this.#fatal = { code, why, details };
    this.#rejectAll((call) => this.#fail(call));
  }

  /** Whether every one of these ranks but this one has ended with exit code 0. */
  endedWell(ranks: readonly number[]): boolean {
    return ranks.every((rank) => rank === this.who.rank || this.#peer(rank).ending?.code === 0);
  }

  /** Whether the job, or this rank's part in it, is over: every call rejects, on the other ranks too. */
  get stopped(): boolean {
    return this.#fatal !== undefined;
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
    return [...this.#peers.values()].some((peer) => peer.ending !== undefined && !peer.gone);
  }

  /** What the calls of this rank wait for: `rank` is the other's in the world, undefined for any. */
  *pending(): Generator<Pending, void> {
    for (const { collective, context, mailbox } of this.#channels.values()) {
      for (const { call, source, tag, divert } of mailbox.waiting) {
        const pending = { call, rank: source === any ? undefined : source, divert };
        yield collective ? { ...pending, collective: { context, number: tag } } : pending;
      }
    }
    for (const [rank, peer] of this.#peers) {
      for (const [id, { call }] of peer.sends) {
        yield { call, rank, divert: (detour) => this.#divertSend(peer, id, detour) };
      }
      for (const { call, divert } of peer.payloads.values()) yield { call, rank, divert };
    }
  }

  /** Messages of users that have arrived and that nobody has received. */
  *unreceived(): Generator<Envelope, void> {
    for (const { collective, mailbox } of this.#channels.values()) {
      if (!collective) for (const { envelope } of mailbox.letters) yield envelope;
    }
  }

  /** Packets sent to each rank, for those who wait for the last of them. */
  get sent(): Record<string, number> {
    return Object.fromEntries([...this.#peers].flatMap(([rank, peer]) => (peer.sent > 0 ? [[rank, peer.sent]] : [])));
  }

  /** Packets received from each rank. */
  get received(): Record<string, number> {
    return Object.fromEntries(
      [...this.#peers].flatMap(([rank, peer]) => (peer.received > 0 ? [[rank, peer.received]] : [])),
    );
  }

  /** Resolves when every send is done with and its bytes are on their way, after `timeoutMs` at the latest. */
  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const sends = [...this.#peers.values()].flatMap((peer) => [...peer.sends.values()].map(({ done }) => done));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      if (timeoutMs < Number.POSITIVE_INFINITY) timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.allSettled(sends), timeout]);
    clearTimeout(timer);
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
    const peer = this.#peer(rank);
    if (peer.gone || !peer.graceOver || peer.received < (peer.last ?? 0)) return;
    peer.gone = true;
    if (this.#waits > 0) this.#rejectAll((call, source, channel, tag) => this.#hopeless(call, source, channel, tag));
  }

  /** Why waiting for `source` is in vain, if it is. */
  #hopeless(call: Call, source: number, channel?: Channel, tag: number = any): MpiError | undefined {
    if (this.#fatal !== undefined) return this.#fail(call);
    if (channel?.mailbox.peek(source, tag) !== undefined) return undefined; // held for a prober, soon to be had
    if (source === any) {
      const others = (channel?.members ?? []).filter((rank) => rank !== this.who.rank);
      const lost = others.findLast((rank) => this.#peer(rank).gone);
      if (lost === undefined || !others.every((rank) => this.#peer(rank).gone)) return undefined;
      return failure(this.who, call, "rank-failed", "all the other ranks are gone", { rank: lost });
    }
    const { gone, ending } = this.#peer(source);
    return gone && ending !== undefined ? this.#gone(ending, call) : undefined;
  }

  #wasLost({ gone, ending }: Peer): boolean {
    return gone && ending?.code !== 0;
  }

  #gone(ending: Ending, call: Call): MpiError {
    const { rank, host } = ending;
    return failure(this.who, call, "rank-failed", `rank ${rank} is gone (${describeEnding(ending)})`, { rank, host });
  }

  #rejectAll(why: (call: Call, source: number, channel?: Channel, tag?: number) => MpiError | undefined): void {
    for (const channel of this.#channels.values()) {
      channel.mailbox.rejectWhere(({ call, source, tag }) => why(call, source, channel, tag));
    }
    for (const [rank, peer] of this.#peers) {
      for (const [id, waiting] of [...peer.sends, ...peer.payloads]) {
        const error = why(waiting.call, rank);
        if (error === undefined) continue;
        peer.sends.delete(id);
        peer.payloads.delete(id);
        waiting.reject(error);
      }
    }
  }

  /** Ends whatever this one call is waiting for. */
  reject(call: Call, error: MpiError): void {
    this.#rejectAll((other) => (other === call ? error : undefined));
  }

  #fail(call: Call): MpiError {
    const { code, why, details } = this.#fatal ?? { code: "closed", why: "this world was closed", details: {} };
    return failure(this.who, call, code, why, details);
  }

  #aborted(call: Call, reason: unknown): MpiError {
    const why = reason instanceof Error ? reason.message : String(reason);
    return failure(this.who, call, "aborted", `cancelled: ${why}`, { cause: reason });
  }

  // Waiting

  #await(
    channel: Channel,
    source: number,
    tag: number,
    probe: boolean,
    call: Call,
    signal: AbortSignal | undefined,
  ): Promise<Letter> {
    return new Promise<Letter>((first, firstReject) => {
      let resolve: (letter: Letter | Promise<Letter>) => void = first;
      let reject = firstReject;
      let forget: (() => void) | undefined;
      const settle = (): void => {
        forget?.();
        this.#wait(-1);
      };
      const failed = (error: Error): void => {
        settle();
        reject(error);
      };
      const succeeded = (letter: Letter): void => {
        settle();
        resolve(letter);
      };
      const matched = probe
        ? succeeded
        : (letter: Letter): void => this.#matched(letter, call, succeeded, failed, posted.divert);
      const posted: Posted = new Posted(source, tag, probe, call, matched, failed);
      this.#wait(1);
      if (signal?.aborted) {
        failed(this.#aborted(call, signal.reason));
        return;
      }
      channel.mailbox.post(posted);
      if (!posted.linked) return;
      posted.divert = (detour) => {
        const present = resolve;
        present(
          detour(
            new Promise<Letter>((next, nextReject) => {
              resolve = next;
              reject = nextReject;
            }),
          ),
        );
      };
      const hopeless = this.#hopeless(call, source, channel, tag);
      if (hopeless !== undefined) {
        channel.mailbox.withdraw(posted);
        failed(hopeless);
        return;
      }
      // A receive that is matched already completes, whatever the signal does: its message must not be lost.
      forget = onAbort(signal, (reason) => {
        if (!posted.linked) return;
        channel.mailbox.withdraw(posted);
        failed(this.#aborted(call, reason));
      });
    });
  }

  /** A letter met its receive: fetch its body where it still waits at the sender, and tell the sender what it wants to know. */
  #matched(
    letter: Letter,
    call: Call,
    resolve: (letter: Letter) => void,
    reject: (error: Error) => void,
    divert?: Divert,
  ): void {
    const { envelope } = letter;
    const peer = this.#peer(envelope.source);
    if (letter.body === undefined) {
      const received = (body: Packet): void => {
        letter.body = body;
        letter.settled = true;
        resolve(letter);
      };
      peer.payloads.set(envelope.id, { call, resolve: received, reject, divert });
      this.#answer(envelope, kind.grant);
      return;
    }
    if (!letter.settled) {
      letter.settled = true;
      if (envelope.sync) this.#answer(envelope, kind.received);
      if (envelope.source !== this.who.rank) this.#giveBack(envelope, peer);
    }
    resolve(letter);
  }

  #giveBack(envelope: Envelope, peer: Peer): void {
    peer.owed += envelope.bytes + letterBytes;
    if (!peer.owesMuch) return;
    this.#answer({ ...envelope, bytes: peer.owed }, kind.credit);
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
      if (outgoing?.parcel !== undefined) peer.sends.set(id, { ...outgoing, parcel: ownCopy(outgoing.parcel) });
      outgoing?.reject(this.#aborted(call, reason));
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
  #answer(envelope: Envelope, answer: Envelope["kind"], body?: Packet): void {
    this.#post(envelope.source, { ...envelope, kind: answer, sync: false }, body);
  }

  #post(dest: number, envelope: Omit<Envelope, "source" | "sequence">, body: Packet | undefined): void {
    const peer = this.#peer(dest);
    const complete = { ...envelope, source: this.who.rank, sequence: peer.sent };
    if (dest === this.who.rank) {
      this.#dispatch(complete, body ?? empty);
      return;
    }
    if (peer.ending !== undefined) return;
    peer.sent = (peer.sent + 1) >>> 0;
    this.#transport.send(dest, seal(complete, body));
  }

  #peer(rank: number): Peer {
    let peer = this.#peers.get(rank);
    if (peer === undefined) {
      if (!(rank < this.who.size)) throw new MpiError("protocol", `there is no rank ${rank}`);
      peer = new Peer();
      this.#peers.set(rank, peer);
    }
    return peer;
  }
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

function keyOf(context: number, collective: boolean): number {
  return context * 2 + (collective ? 1 : 0);
}

/** The parcel with attachments of its own instead of the caller's memory. */
function ownCopy({ head, attachments }: Parcel): Parcel {
  return { head, attachments: attachments.map((part) => Uint8Array.prototype.slice.call(part)) };
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
const empty: Packet = { head: new Uint8Array(0), attachments: [] };
