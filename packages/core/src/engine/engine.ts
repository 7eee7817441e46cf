import { type Call, failure, type Identity } from "../calls/call.ts";
import { type Divert, located } from "../calls/call-site.ts";
import type { Checker } from "../calls/checker.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "../calls/errors.ts";
import { clearInterval, performance, setImmediate, setInterval, setTimeout } from "../calls/event-loop.ts";
import { within } from "../calls/timeout.ts";
import type { Ending, Mail, Unreceived } from "../wire/agent-protocol.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Board, Receiver, Transport } from "../wire/transport.ts";
import type { Joined } from "../wire/unjoined.ts";
import { BoardWaits } from "./board-waits.ts";
import type { Channel } from "./channel.ts";
import { CollectiveNotices } from "./collective-notices.ts";
import { Liveness, wasLost } from "./liveness.ts";
import { isIncomplete, MissingPackets } from "./missing-packets.ts";
import { Outbound } from "./outbound.ts";
import type { Peer } from "./peer.ts";
import { PeerTable } from "./peer-table.ts";
import type { PendingCall } from "./pending-call.ts";
import { Receives } from "./receives.ts";
import { Sends } from "./sends.ts";
import { type Refusal, WaitCounter } from "./wait-counter.ts";

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

/** Said of a call that waits in what is being closed. */
export const stillPending = "it was still pending when this was closed: is an await missing?";

/**
 * One rank's machinery: the transport below, the mailboxes above, and for each peer what is on its way.
 *
 * Small messages are sent at once while the peer gives credit; the others wait until they are matched:
 * ```text
 *   sender (engine/sends.ts)       receiver (engine/receives.ts)
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
  readonly sends: Sends;
  readonly receives: Receives;
  readonly boardWaits: BoardWaits;
  readonly notices: CollectiveNotices;
  /** What `--check` looks for; undefined without it. */
  readonly checking: Checker | undefined;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #waits: WaitCounter;
  readonly #missing: MissingPackets;
  #asking: NodeJS.Timeout | undefined;
  /** Called when packets of a rank that has ended well will not arrive any more, before all calls reject. */
  lost: (source: number, packets: number) => void = () => {};
  /** How each communicator tells which collectives were called here, by its number. */
  readonly ledgers: Map<number, () => Joined> = new Map();
  /** Collectives that have ended here and are about to turn out to have been other ones elsewhere. */
  readonly verdicts: Set<Promise<unknown>> = new Set();
  /** An error that no call of the user was there to reject with: leaving the world does. */
  untold: MpiError | undefined;

  constructor(who: Identity, transport: Transport, checking?: Checker) {
    const { rank } = who;
    const peers = new PeerTable(who.size);
    const liveness = new Liveness(who, peers);
    const waits = new WaitCounter(transport, checking !== undefined);
    const outbound = new Outbound(rank, transport, peers, this.#dispatch);
    this.who = who;
    this.checking = checking;
    this.#transport = transport;
    this.#peers = peers;
    this.#liveness = liveness;
    this.#waits = waits;
    this.sends = new Sends(rank, transport, peers, liveness, outbound, waits);
    this.receives = new Receives(rank, transport, peers, liveness, outbound, waits);
    this.boardWaits = new BoardWaits(transport, liveness, waits);
    this.notices = new CollectiveNotices(rank, peers, liveness, outbound, this.receives.channels);
    this.#missing = new MissingPackets(peers, waits, (source, packets) => this.#lost(source, packets));
    transport.receiver = this;
  }

  channel(context: number, collective: boolean): Channel {
    if (collective) this.#asking ??= setInterval(() => this.#look(), askMs).unref();
    return this.receives.channels.get({ context, collective });
  }

  /** Where the ranks of a communicator post what they have for its collectives, if they share memory. */
  board(channel: Channel): Board | undefined {
    return this.#transport.board?.(channel.context, channel.members);
  }

  /** Resolves with the promise, after so long at the latest, and hears of what arrives meanwhile. */
  async listenWhile(promise: Promise<unknown>, mostMs: number): Promise<void> {
    this.#waits.begin();
    await within(mostMs, promise);
    this.#waits.end();
  }

  // Arrivals

  packet(envelope: Envelope, body: Packet, borrowed: boolean): void {
    this.#waits.steps++;
    const { source } = envelope;
    const peer = this.#peers.known(source) ?? this.#stranger(source);
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
    return this.receives.landing(envelope, head, bytes);
  }

  pollBoards(sleeps: boolean): boolean {
    return this.boardWaits.poll(sleeps);
  }

  /** A rank that has not sent anything before. */
  #stranger(source: number): Peer | undefined {
    try {
      return this.#peers.get(source);
    } catch (error) {
      this.failed(error as Error);
      return undefined;
    }
  }

  failed(error: Error): void {
    this.stop("protocol", error.message, { rank: error instanceof MpiError ? error.rank : undefined, cause: error });
  }

  readonly #dispatch = (envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer): void => {
    switch (envelope.kind) {
      case kind.message:
        this.receives.arrive(envelope, body, borrowed);
        break;
      case kind.request:
        this.receives.arrive(envelope, undefined, false);
        break;
      case kind.grant:
        this.sends.granted(envelope, peer);
        break;
      case kind.payload:
        this.receives.arriveLate(envelope, body, borrowed, peer);
        break;
      case kind.received:
        this.sends.received(envelope, peer);
        break;
      case kind.credit:
        peer.credit += envelope.bytes;
        break;
      case kind.withdraw:
        this.receives.withdrawn(envelope, peer);
        break;
      case kind.question:
        this.notices.asked(envelope, body);
        break;
      case kind.failure:
        this.notices.notified(envelope, body, borrowed);
        break;
    }
  };

  // Ends

  /** A rank ended in good order; `last` is how many packets it sent to this rank, when it could say so. */
  peerEnded(ending: Ending, last: number | undefined): void {
    const peer = this.#liveness.ended(ending, last);
    if (isIncomplete(peer)) this.#missing.watch();
    const timer = setTimeout(() => {
      peer.graceOver = true;
      this.#settle(ending.rank);
    }, graceMs);
    if (!this.waiting) timer.unref();
  }

  #lost(source: number, packets: number): void {
    this.lost(source, packets);
    this.stop("undelivered", `${packets} packets that rank ${source} sent before it ended never arrived`, {
      rank: source,
    });
  }

  /** The job can go on no more: whatever waits rejects now, and so does every further call. */
  stop(code: MpiErrorCode, why: string, details: MpiErrorDetails = {}): void {
    if (this.#liveness.end(code, why, details)) this.#refuse((call) => this.#liveness.refusal(call));
  }

  /** What waits now waits in vain, and rejects with `deadlock`. Later calls work. */
  refuseDeadlock(why: string): void {
    this.#refuse((call) => failure(this.who, located(call), "deadlock", why));
    setImmediate(() => {}); // Node asks again when this turn is over, for the program may wait in vain once more
  }

  /** Whether every one of these ranks but this one has ended with exit code 0. */
  endedWell(ranks: readonly number[]): boolean {
    return this.#liveness.endedWell(ranks);
  }

  /** Whether the job, or this rank's part in it, is over: every call rejects, on the other ranks too. */
  get stopped(): boolean {
    return this.#liveness.over;
  }

  /** Throws what every call rejects with when that is so. */
  refuseIfStopped(call: Call): void {
    if (this.#liveness.over) throw this.#liveness.refusal(call);
  }

  /** Once a rank has ended and all it sent has arrived, whoever waits for it alone waits in vain. */
  #settle(rank: number): void {
    const peer = this.#peers.get(rank);
    if (peer.gone || !peer.graceOver || peer.received < (peer.last ?? 0)) return;
    peer.gone = true;
    this.pollBoards(false);
    if (this.waiting)
      this.#refuse((call, source, channel, tag) => this.#liveness.waitError(call, source, channel, tag));
  }

  #refuse(why: Refusal): void {
    this.receives.refuse(why);
    this.boardWaits.refuse(why);
    this.sends.refuse(why);
  }

  /**
   * Ends whatever this one call is waiting for. With `quiet` the call's own promise is another one, and what ends here is
   * no rejection that anybody has to handle.
   */
  reject(call: Call, error: MpiError, quiet: boolean): void {
    const why: Refusal = (other) => (other === call ? error : undefined);
    this.receives.refuse(why, quiet);
    this.boardWaits.refuse(why);
    this.sends.cancel(call, error, quiet);
  }

  /** The error such that it says who and which call, if it does not yet. */
  explained(call: Call, error: unknown): Error {
    return this.#liveness.explained(call, error);
  }

  /** Resolves when every send is done with and its bytes are on their way, after `timeoutMs` at the latest. */
  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await within(timeoutMs, this.sends.settled());
    await this.#transport.flush(Math.max(0, deadline - performance.now()));
  }

  flushSync(): void {
    this.#transport.flushSync();
  }

  async close(): Promise<void> {
    clearInterval(this.#asking);
    this.#missing.end();
    if (!this.stopped) this.#refuse((call) => failure(this.who, located(call), "closed", stillPending));
    this.stop("closed", "this world was closed");
    await this.#transport.close();
  }

  // What is told about this rank

  /** Notes what waits, and since when: too coarse for a clock, but nothing that is paid for by each call. */
  #look(): void {
    if (!this.waiting) return;
    const now = performance.now();
    for (const { call } of this.pending()) call.since ??= now;
    this.notices.ask(false);
  }

  /** Whether it is known that nobody has ever sent this rank anything. */
  get silent(): boolean {
    return this.#transport.silent ?? false;
  }

  /** Whether some call of this rank waits for others. */
  get waiting(): boolean {
    return this.#waits.count > 0;
  }

  /** See {@link WaitCounter.steps}. */
  get steps(): number {
    return this.#waits.steps;
  }

  /** Whether a rank has ended and those who wait for it are about to be told. */
  get settling(): boolean {
    return this.#peers.settling;
  }

  /** What the calls of this rank wait for. */
  *pending(): Generator<PendingCall, void> {
    yield* this.receives.pending();
    yield* this.boardWaits.pending();
    yield* this.sends.pending();
  }

  /** How the promise that this call waits for can be diverted. */
  divertOf(call: Call): Divert | undefined {
    for (const pending of this.pending()) if (pending.call === call) return pending.divert;
    return undefined;
  }

  /** Messages of users that have arrived and that nobody has received. */
  *unreceived(): Generator<Envelope, void> {
    for (const { collective, matching } of this.receives.channels) {
      if (!collective) for (const { envelope } of matching.unexpected) yield envelope;
    }
  }

  /** What became of users' messages so far. */
  get mail(): Mail {
    return { ...this.#peers.mail, unreceived: countMessages(this.unreceived()) };
  }

  /** What each communicator of this rank has seen of collectives, for those that have not been closed. */
  get joined(): Joined[] {
    return [...this.ledgers.values()]
      .map((ledger) => ledger())
      .filter(({ context, count }) => context > 0 || count > 0);
  }

  /** Packets sent to each rank, for those who wait for the last of them. */
  get sent(): Record<string, number> {
    return this.#peers.count(({ sent }) => sent);
  }

  /** Packets received from each rank. */
  get received(): Record<string, number> {
    return this.#peers.count(({ received }) => received);
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
