import { onAbort } from "../calls/abort.ts";
import type { Call } from "../calls/call.ts";
import { rejectAtSite, sitedHere, siteHere } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import { breathe } from "../calls/event-loop.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { landing } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Transport, Watch } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import { Channels } from "./channels.ts";
import { Expected } from "./fast-receive.ts";
import { isLinked } from "./linked-list.ts";
import { type Fate, wasLost } from "./liveness.ts";
import { any, type Finish, Letter, Posted } from "./matching.ts";
import type { Departures } from "./outbound.ts";
import { type Incoming, letterBytes, type Peer } from "./peer.ts";
import type { Roster } from "./peer-table.ts";
import { divertOf, type Pending } from "./pending-call.ts";
import { ignore, type Refusal, type Waits } from "./wait-counter.ts";

/** The messages that one rank receives: what has arrived meets who asks for it, and its sender is told what it wants to know. */
export class Receives {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #roster: Roster;
  readonly #fate: Fate;
  readonly #departures: Departures;
  readonly #waits: Waits;
  readonly channels: Channels;
  /** What a receive that does not wait yet looks for. */
  readonly #expected: Expected = new Expected();
  /** Called while the user's line is on the stack. */
  readonly #explain = (call: Call, error: unknown): Error => {
    call.site ??= siteHere();
    return this.#fate.explained(call, error);
  };
  #order = 0;
  /** How many calls had settled when the look for it began. */
  #settledBefore = 0;
  readonly #anySettled: Watch = { advance: () => this.#waits.settled !== this.#settledBefore };

  constructor(rank: number, transport: Transport, roster: Roster, fate: Fate, departures: Departures, waits: Waits) {
    this.#rank = rank;
    this.#transport = transport;
    this.#roster = roster;
    this.#fate = fate;
    this.#departures = departures;
    this.#waits = waits;
    this.channels = new Channels(this.#matched);
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
    if (signal?.aborted) return Promise.reject(this.#fate.aborted(sitedHere(call), signal.reason));
    const letter = channel.mailbox.next(source, tag);
    if (letter !== undefined) return this.#open(letter, channel, source, tag, call, finish, signal, into);
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
    this.#settledBefore = this.#waits.settled;
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
    if (signal?.aborted) return Promise.reject(this.#fate.aborted(sitedHere(call), signal.reason));
    return this.#await(channel, new Posted(source, tag, true, call, finish), signal);
  }

  /** Takes exactly this letter, or tells with undefined that somebody else has it. */
  take<T>(channel: Channel, letter: Letter, call: Call, finish: Finish<T>, into?: TypedArray): Promise<T> | undefined {
    if (!channel.mailbox.take(letter)) return undefined;
    return this.#open(letter, channel, letter.source, letter.tag, call, finish, undefined, into);
  }

  /** Looks at what has arrived, after one turn of the event loop so that arrivals have had their chance. */
  async peek(channel: Channel, source: number, tag: number, call: Call): Promise<Letter | undefined> {
    if (this.#fate.over) throw this.#fate.refusal(call);
    const found = channel.mailbox.peek(source, tag);
    if (found !== undefined) return found;
    this.#waits.begin();
    await breathe();
    this.#waits.end();
    return channel.mailbox.peek(source, tag);
  }

  /**
   * Takes what has arrived with this tag out of the mailbox unseen. Gives those messages, but for those of a rank that was
   * lost: the last it said may never have been asked for.
   */
  dismiss(channel: Channel, tag: number): readonly Envelope[] {
    const letters = this.#sweep(channel, tag);
    if (letters.length === 0) return nothing;
    return letters.flatMap(({ envelope }) => (wasLost(this.#roster.get(envelope.source)) ? [] : [envelope]));
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
    if (this.#expected.fits(channel, envelope)) {
      this.#waits.settled++;
      if (body !== undefined) {
        this.#received(envelope);
        this.#expected.meet(envelope, body, borrowed, order);
        return;
      }
      this.#expected.giveUp(); // its receiver has to ask for the rest, and to wait for that; nothing may overtake it
    }
    channel.mailbox.arrive(new Letter(envelope, body, borrowed, order));
  }

  /** The bytes of a message that was asked for. */
  arriveLate(envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer): void {
    const incoming = peer.payloads.get(envelope.id);
    peer.payloads.delete(envelope.id);
    this.#departures.answer(envelope, kind.received);
    if (incoming === undefined) return;
    const { posted, letter } = incoming;
    letter.body = body;
    letter.borrowed = borrowed;
    letter.settled = true;
    this.#complete(posted, letter);
  }

  /** The sender has cancelled a message before it was told that it is matched: whoever has it goes on waiting. */
  withdrawn(envelope: Envelope, peer: Peer): void {
    const incoming = peer.payloads.get(envelope.id);
    if (incoming === undefined) {
      this.channels.known(envelope)?.mailbox.recall(envelope.source, envelope.tag, envelope.id);
      return;
    }
    peer.payloads.delete(envelope.id);
    if (!envelope.collective) peer.taken--;
    this.#postAgain(incoming);
  }

  /** A receive whose message was withdrawn takes its old place among those that wait. */
  #postAgain({ posted, channel }: Incoming): void {
    channel.mailbox.postAgain(posted);
    if (isLinked(posted)) this.#refuseIfInVain(channel, posted);
    if (isLinked(posted)) this.#cancelBy(posted.signal, channel, posted);
  }

  /** See {@link Receiver.landing}. */
  landing(envelope: Envelope, head: Uint8Array, bytes: number): Uint8Array | undefined {
    const posted =
      envelope.kind === kind.message
        ? this.#expecting(envelope)
        : this.#roster.known(envelope.source)?.payloads.get(envelope.id)?.posted;
    return posted?.into && landing(posted.into, head, bytes);
  }

  /** The receive that a message which is about to be delivered will go to. */
  #expecting(envelope: Envelope): Posted | Expected | undefined {
    const channel = this.channels.known(envelope);
    if (channel === undefined || channel.over?.(envelope)) return undefined;
    if (this.#expected.fits(channel, envelope)) return this.#expected;
    return channel.mailbox.expects(envelope.source, envelope.tag);
  }

  #sweep(channel: Channel, tag: number): readonly Letter[] {
    const letters = channel.mailbox.sweep(any, tag);
    for (const { envelope, body, settled } of letters) if (!settled) this.#discard(envelope, body);
    return letters;
  }

  /** Nobody will receive this message: it counts as received, so that its sender neither waits nor runs out of credit. */
  #discard(envelope: Envelope, body: Packet | undefined): void {
    if (body !== undefined) {
      this.#received(envelope);
      return;
    }
    if (!envelope.collective) this.#roster.get(envelope.source).taken++;
    this.#departures.answer(envelope, kind.grant);
  }

  // Who waits

  /** With `quiet` the promises of those that wait are not what a user holds: see {@link Engine.reject}. */
  refuse(why: Refusal, quiet = false): void {
    for (const channel of this.channels) this.#refuseWaiting(channel, why, quiet);
    const { channel, source, tag, call } = this.#expected;
    if (call !== undefined) call.site ??= siteHere(); // it is looking right now: the user's line is on the stack
    const error = call && channel && why(call, source, channel, tag);
    if (error !== undefined) {
      this.#waits.settled++;
      this.#expected.refuse(error);
    }
    for (const [rank, { payloads }] of this.#roster) {
      for (const [id, { posted }] of payloads) {
        const error = why(posted.call, rank);
        if (error === undefined) continue;
        payloads.delete(id);
        this.#waits.refuse(posted, error, quiet);
      }
    }
  }

  #refuseWaiting(channel: Channel, why: Refusal, quiet = false): void {
    for (const posted of channel.mailbox.waiting) {
      const error = why(posted.call, posted.source, channel, posted.tag);
      if (error === undefined) continue;
      channel.mailbox.withdraw(posted);
      this.#waits.refuse(posted, error, quiet);
    }
  }

  *pending(): Generator<Pending, void> {
    for (const { collective, context, mailbox } of this.channels) {
      for (const posted of mailbox.waiting) {
        const { call, source, tag } = posted;
        const pending = { call, rank: source === any ? undefined : source, divert: divertOf(posted) };
        yield collective ? { ...pending, collective: { context, number: tag } } : pending;
      }
    }
    for (const [rank, { payloads }] of this.#roster) {
      for (const { posted } of payloads.values()) yield { call: posted.call, rank, divert: divertOf(posted) };
    }
  }

  #await<T>(channel: Channel, posted: Posted, signal: AbortSignal | undefined): Promise<T> {
    posted.signal = signal;
    if (channel.collective) this.#waits.begin();
    else this.#waits.beginCall(posted.call);
    channel.mailbox.post(posted);
    if (!isLinked(posted)) return posted.promise as Promise<T>;
    this.#refuseIfInVain(channel, posted);
    if (isLinked(posted)) this.#cancelBy(signal, channel, posted);
    return posted.promise as Promise<T>;
  }

  #refuseIfInVain(channel: Channel, posted: Posted): void {
    const hopeless = this.#fate.hopeless(posted.call, posted.source, channel, posted.tag);
    if (hopeless === undefined) return;
    channel.mailbox.withdraw(posted);
    this.#waits.refuse(posted, hopeless);
  }

  /** A receive that is matched already completes, whatever the signal does: its message must not be lost. */
  #cancelBy(signal: AbortSignal | undefined, channel: Channel, posted: Posted): void {
    if (signal === undefined) return;
    posted.forget?.();
    posted.forget = onAbort(signal, (reason) => {
      if (!isLinked(posted)) return;
      channel.mailbox.withdraw(posted);
      this.#waits.refuse(posted, this.#fate.aborted(posted.call, reason));
    });
  }

  /** A receive (or probe) that waited has met its letter. */
  readonly #matched = (posted: Posted, letter: Letter): void => {
    if (posted.probe) this.#complete(posted, letter);
    else if (letter.body === undefined) this.#fetch(posted, letter, this.channels.get(letter.envelope));
    else {
      this.#acknowledge(letter);
      this.#complete(posted, letter);
    }
  };

  /** A letter was there when it was asked for. */
  #open<T>(
    letter: Letter,
    channel: Channel,
    source: number,
    tag: number,
    call: Call,
    finish: Finish<T>,
    signal: AbortSignal | undefined,
    into: TypedArray | undefined,
  ): Promise<T> {
    if (letter.body === undefined) {
      const posted = new Posted(source, tag, false, call, finish, into);
      posted.signal = signal;
      channel.mailbox.number(posted);
      this.#waits.begin();
      this.#fetch(posted, letter, channel);
      return posted.promise as Promise<T>;
    }
    this.#waits.steps++;
    this.#acknowledge(letter);
    try {
      return Promise.resolve(finish(letter));
    } catch (error) {
      call.site ??= siteHere();
      return Promise.reject(this.#fate.explained(call, error));
    }
  }

  /** Asks for the body of a letter that still waits at the sender. */
  #fetch(posted: Posted, letter: Letter, channel: Channel): void {
    const { envelope } = letter;
    const peer = this.#roster.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    peer.payloads.set(envelope.id, { posted, letter, channel });
    this.#departures.answer(envelope, kind.grant);
  }

  /** The caller gets its letter. */
  #complete(posted: Posted, letter: Letter): void {
    this.#waits.endOf(posted);
    const { collective } = letter.envelope;
    try {
      const value = posted.finish(letter);
      // A collective whose rank is elsewhere: the call rejects, whether or not its algorithm still waits for this message.
      if (collective && value instanceof Promise) ignore(posted.promise);
      posted.resolve(value);
    } catch (error) {
      if (collective) ignore(posted.promise);
      rejectAtSite(posted.call, this.#fate.explained(posted.call, error), posted);
    }
  }

  // What senders are told

  /** A letter with its body was taken out. */
  #acknowledge(letter: Letter): void {
    if (letter.settled) return;
    letter.settled = true;
    this.#received(letter.envelope);
  }

  /** A message is here with its body, and somebody has it now. */
  #received(envelope: Envelope): void {
    const peer = this.#roster.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    if (envelope.sync) this.#departures.answer(envelope, kind.received);
    if (envelope.source !== this.#rank) this.#giveBack(envelope, peer);
  }

  #giveBack(envelope: Envelope, peer: Peer): void {
    peer.owed += envelope.bytes + letterBytes;
    if (!peer.owesMuch) return;
    this.#departures.answer(envelope, kind.credit, peer.owed);
    peer.owed = 0;
  }
}

const nothing: readonly Envelope[] = [];
