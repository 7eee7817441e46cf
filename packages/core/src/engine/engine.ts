import { type Call, failure, type Identity } from "../calls/call.ts";
import { type Divert, located } from "../calls/call-site.ts";
import type { Checker } from "../calls/checker.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "../calls/errors.ts";
import { clearInterval, performance, setImmediate, setInterval } from "../calls/event-loop.ts";
import { within } from "../calls/timeout.ts";
import type { Board } from "../wire/board.ts";
import type { PartRange, SharedParts, Transport } from "../wire/transport.ts";
import type { Joined } from "../wire/unjoined.ts";
import { Accesses } from "./accesses.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { BoardWaits } from "./board-waits.ts";
import type { Channel } from "./channel.ts";
import { CollectiveNotices } from "./collective-notices.ts";
import { DirectMessages } from "./direct-messages.ts";
import { IncomingPackets } from "./incoming-packets.ts";
import { Liveness } from "./liveness.ts";
import { Outbound } from "./outbound.ts";
import type { Peer } from "./peer.ts";
import { PeerEndings } from "./peer-endings.ts";
import { PeerTable } from "./peer-table.ts";
import type { PendingCall } from "./pending-call.ts";
import { Receives } from "./receives.ts";
import { Sends } from "./sends.ts";
import { Survival } from "./survival.ts";
import { Traffic } from "./traffic.ts";
import { type Refusal, WaitCounter } from "./wait-counter.ts";

/**
 * A collective that waits longer than this asks whether it waits in vain. An idle rank checks four times a second, for a
 * microsecond each.
 */
const askMs = 250;

/** Why a call rejects that still waits in a communicator or a world that is being closed. */
export const stillPending = "it was still pending when this was closed: is an await missing?";

/**
 * The messaging of one rank, on top of a transport: matching, sends, receives, and the state of each peer.
 *
 * Small messages are sent at once (eager) while the peer gives credit. Others wait until they are matched (rendezvous):
 * ```text
 *   sender (engine/sends.ts)       receiver (engine/receives.ts)
 *     │ ── request (id, size) ──►    │  queued in order, like any message
 *     │ ◄── grant (id) ──────────    │  when a receive matches it
 *     │ ── payload (id) ────────►    │  lent to the transport, not copied
 *     │ ◄── received (id) ───────    │  now `send` resolves: the buffer may be changed
 * ```
 * Where a round trip takes as long as the bytes of a middle-sized message, the message is sent at once, lent, while there
 * is credit; the receiver answers `received` when it is matched. A busy receiver thus holds at most the credit and one
 * envelope for each outstanding send.
 */
export class Engine {
  readonly who: Identity;
  readonly sends: Sends;
  readonly receives: Receives;
  /** The shortest path of messages; undefined under `--check`, which looks at all of them. */
  readonly direct: DirectMessages | undefined;
  readonly waits: WaitCounter;
  readonly boardWaits: BoardWaits;
  readonly notices: CollectiveNotices;
  readonly accesses: Accesses;
  readonly survival: Survival;
  readonly traffic: Traffic;
  readonly endings: PeerEndings;
  /** What `--check` looks for; undefined without it. */
  readonly checking: Checker | undefined;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  #asking: NodeJS.Timeout | undefined;
  /** Called when packets of a rank that has ended with exit code 0 will not arrive, before all calls reject. */
  lost: (source: number, packets: number) => void = () => {};
  /** By communicator number: reports which collectives of it were called here. */
  readonly ledgers: Map<number, () => Joined> = new Map();
  /** Pending decisions about collectives that have ended here and may have been other ones elsewhere. */
  readonly verdicts: Set<Promise<unknown>> = new Set();
  /** An error that no call of the user could reject with. Leaving the world rejects with it. */
  untold: MpiError | undefined;

  constructor(who: Identity, transport: Transport, checking?: Checker) {
    const { rank } = who;
    const peers = new PeerTable(who.size);
    const liveness = new Liveness(who, peers);
    const waits = new WaitCounter(transport, checking !== undefined);
    const outbound = new Outbound(rank, transport, peers);
    this.sends = new Sends(rank, transport, peers, liveness, outbound, waits);
    const acknowledgements = new Acknowledgements(rank, peers, outbound);
    this.receives = new Receives(transport, peers, liveness, outbound, waits, acknowledgements);
    if (checking === undefined)
      this.direct = new DirectMessages(rank, transport, peers, liveness, waits, acknowledgements);
    this.boardWaits = new BoardWaits(transport, liveness, waits);
    this.notices = new CollectiveNotices(rank, peers, liveness, outbound, this.receives.channels);
    this.accesses = new Accesses(transport, liveness, outbound, waits);
    this.survival = new Survival(who, this.accesses);
    this.traffic = new Traffic(peers, this.receives.channels);
    this.endings = new PeerEndings(peers, liveness, waits, this.boardWaits, this.#refuse, this.#lost);
    const { sends, receives, boardWaits, notices, accesses, endings } = this;
    const packets = new IncomingPackets({
      peers,
      waits,
      sends,
      receives,
      boardWaits,
      notices,
      accesses,
      endings,
      failed: this.#failed,
    });
    this.who = who;
    this.checking = checking;
    this.#transport = transport;
    this.#peers = peers;
    this.#liveness = liveness;
    this.waits = waits;
    outbound.toSelf = packets.dispatch;
    transport.receiver = packets;
  }

  channel(context: number, collective: boolean): Channel {
    if (collective) this.#asking ??= setInterval(() => this.#askAboutWaits(), askMs).unref();
    return this.receives.channels.get({ context, collective });
  }

  /** Ranks may join the job that were not there when it began. */
  grow(): void {
    this.#peers.grow();
  }

  /** How many packets went to and came from that rank of the world; undefined if none did. */
  peer(rank: number): Readonly<Pick<Peer, "sent" | "received">> | undefined {
    return this.#peers.known(rank);
  }

  /** The board of a communicator; undefined unless its ranks share memory. */
  board(channel: Channel): Board | undefined {
    return this.#transport.board?.(channel.context, channel.members);
  }

  /** Words that the ranks of a communicator share; undefined unless they all share memory. */
  sharedWords(context: number, members: readonly number[], count: number): Int32Array | undefined {
    return this.#transport.words?.(context, members, count);
  }

  /** Resolves with the promise, or after `mostMs`. Packets are delivered meanwhile. */
  async listenWhile(promise: Promise<unknown>, mostMs: number): Promise<void> {
    this.waits.begin();
    await within(mostMs, promise);
    this.waits.end();
  }

  readonly #lost = (source: number, packets: number): void => {
    this.lost(source, packets);
    this.stop("undelivered", `${packets} packets that rank ${source} sent before it ended never arrived`, {
      rank: source,
    });
  };

  readonly #failed = (error: Error): void => {
    this.stop("protocol", error.message, { rank: error instanceof MpiError ? error.rank : undefined, cause: error });
  };

  /** The job cannot go on: pending calls reject now, later calls at once. */
  stop(code: MpiErrorCode, why: string, details: MpiErrorDetails = {}): void {
    if (this.#liveness.end(code, why, details)) this.#refuse((call) => this.#liveness.refusal(call));
  }

  /** Pending calls wait in vain and reject with `deadlock`. Later calls work. */
  refuseDeadlock(why: string): void {
    this.#refuse((call) => failure(this.who, located(call), "deadlock", why));
    setImmediate(() => {}); // makes Node emit beforeExit again after this turn: the program may deadlock once more
  }

  /** Whether all of these ranks, except this one, have ended with exit code 0. */
  endedWell(ranks: readonly number[]): boolean {
    return this.#liveness.endedWell(ranks);
  }

  /** Whether the job, or this rank's part in it, is over: every call rejects, on the other ranks too. */
  get stopped(): boolean {
    return this.#liveness.over;
  }

  /** Throws what every call rejects with once the engine is {@link stopped}. */
  refuseIfStopped(call: Call): void {
    if (this.#liveness.over) throw this.#liveness.refusal(call);
  }

  readonly #refuse = (why: Refusal): void => {
    this.receives.refuse(why);
    this.boardWaits.refuse(why);
    this.sends.refuse(why);
    this.accesses.refuse(why);
  };

  /**
   * Ends whatever this one call waits for. The user awaits another promise, which rejects with `error`, so the rejections
   * here need no handler.
   */
  reject(call: Call, error: MpiError): void {
    const why: Refusal = (other) => (other === call ? error : undefined);
    this.receives.refuse(why, true);
    this.boardWaits.refuse(why);
    this.sends.cancel(call, error);
  }

  /** The ranks of the world that share memory with this one, this one included. */
  get neighbors(): readonly number[] {
    return this.#transport.neighbors ?? [this.who.rank];
  }

  /** See {@link Transport.memory}; undefined where this rank shares memory with no other. */
  memory(name: string, sizes: readonly number[], own: readonly PartRange[]): SharedParts | undefined {
    return this.#transport.memory?.(name, sizes, own);
  }

  /** Why a rank of the world cannot be asked any more; undefined if it can. */
  refusalOf(call: Call, rank: number): MpiError | undefined {
    if (!this.#liveness.anyEnded) return undefined;
    if (this.#liveness.over) return this.#liveness.refusal(call);
    const { gone, ending } = this.#peers.get(rank);
    return gone && ending !== undefined ? this.#liveness.peerGone(call, ending) : undefined;
  }

  /** The error of a call whose signal has aborted. */
  aborted(call: Call, signal: AbortSignal): MpiError {
    return this.#liveness.aborted(call, signal.reason);
  }

  /** Whether that rank of the world has ended, in any way. */
  hasEnded(rank: number): boolean {
    return this.#liveness.anyEnded && this.#peers.get(rank).ending !== undefined;
  }

  /** Adds the rank and the call to an error that does not have them yet. */
  explained(call: Call, error: unknown): Error {
    return this.#liveness.explained(call, error);
  }

  /** Resolves when all sends have settled and their bytes have left this process, or after `timeoutMs`. */
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
    this.endings.close();
    if (!this.stopped) this.#refuse((call) => failure(this.who, located(call), "closed", stillPending));
    this.stop("closed", "this world was closed");
    await this.#transport.close();
  }

  /** Notes since when each call waits, to a quarter of a second: a clock in each call would cost more. */
  #askAboutWaits(): void {
    if (!this.waiting) return;
    const now = performance.now();
    for (const { call } of this.pending()) call.since ??= now;
    this.notices.ask(false);
  }

  /** True when it is known that no rank has ever sent anything to this one. */
  get silent(): boolean {
    return this.#transport.silent ?? false;
  }

  /** Whether some call of this rank waits for others. */
  get waiting(): boolean {
    return this.waits.count > 0;
  }

  /** See {@link WaitCounter.steps}. */
  get steps(): number {
    return this.waits.steps;
  }

  /** Whether a rank has ended and the calls that wait for it are about to reject. */
  get settling(): boolean {
    return this.#peers.settling;
  }

  /** What the calls of this rank wait for. */
  *pending(): Generator<PendingCall, void> {
    yield* this.receives.pending();
    yield* this.boardWaits.pending();
    yield* this.sends.pending();
    yield* this.accesses.pending();
    yield* this.survival.pending();
  }

  /** How the promise that this call waits for can be diverted. */
  divertOf(call: Call): Divert | undefined {
    for (const pending of this.pending()) if (pending.call === call) return pending.divert;
    return undefined;
  }

  /** The collectives that were called here, by communicator; without the communicators that were closed. */
  get joined(): Joined[] {
    return [...this.ledgers.values()]
      .map((ledger) => ledger())
      .filter(({ context, count }) => context > 0 || count > 0);
  }
}
