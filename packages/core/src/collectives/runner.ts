import { onAbort } from "../calls/abort.ts";
import { type Call, signalOf } from "../calls/call.ts";
import { sitedError } from "../calls/call-site.ts";
import { checkRank } from "../calls/check.ts";
import { checkOptions, type KnownOptions } from "../calls/check-options.ts";
import type { Checker } from "../calls/checker.ts";
import type { Engine } from "../engine/engine.ts";
import { numberOf, type Reducer } from "../ops/op.ts";
import type { Board } from "../wire/board.ts";
import type { Parcel } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import { notThere } from "../wire/short-messages.ts";
import { Agreement } from "./agreement.ts";
import { barrier } from "./algorithms/barrier.ts";
import { apart, type Exchange, membersOf, parcelFor } from "./algorithms/board-exchange.ts";
import { isOverridden } from "./algorithms/choose.ts";
import { BoardRun } from "./board-run.ts";
import { type CollectiveContext, collectivePeers, type Entry } from "./collective-peers.ts";
import { compareArguments } from "./compare-arguments.ts";
import type { Planned, Routine, RoutineOptions } from "./implementations.ts";
import { ShortCollectives } from "./short-collectives.ts";
import { numberOfOperation, type Operation, signatureOf } from "./signature.ts";

/** An exchange that did not end within its call, and how far it has come. */
interface Begun extends Entry {
  readonly board: Board | undefined;
  readonly plan: Planned | undefined;
  readonly run: BoardRun | undefined;
  readonly refused: unknown;
}

/**
 * The collectives of one communicator on one rank. Runs any number of them at the same time, on the ranks' board or by
 * messages.
 *
 * A collective's messages carry its number as their tag, so that several can be under way. They also carry its signature
 * (operation, root and reducer). Ranks that disagree therefore find out at the first message, instead of waiting for each other.
 *
 * One class, because the fast path in `exchange` and the slow paths behind it share the board and the idle board run.
 */
export class Collectives {
  readonly #engine: Engine;
  readonly #context: CollectiveContext;
  readonly #agreement: Agreement;
  /** The board of these ranks; undefined if they do not share memory, null until it is asked for. */
  #board: Board | undefined | null = null;
  /** The shortest path; undefined where there is none. */
  #short: ShortCollectives | undefined;
  /** The board run of a collective that did not have to wait, for reuse. */
  #idle: BoardRun | undefined;

  constructor(
    engine: Engine,
    context: number,
    members: readonly number[],
    hosts: readonly string[],
    what = "communicator",
  ) {
    const index = new Map([...new Set(hosts)].map((host, i) => [host, i]));
    const channel = engine.channel(context, true);
    channel.members = members;
    this.#engine = engine;
    this.#agreement = new Agreement(engine, channel, members);
    this.#context = {
      engine,
      channel,
      members,
      here: { rank: members.indexOf(engine.who.rank), size: members.length },
      hosts: hosts.map((host) => index.get(host) as number),
      agreement: this.#agreement,
    };
    engine.checking?.opened(context, what);
    engine.survival.opened(context, () => this.#revoked());
    engine.ledgers.set(context, () => ({ context, ...this.#agreement.ledger }));
  }

  /** Runs one collective by messages. Takes its number before this function first waits. */
  run<R>(
    operation: Operation,
    call: Call,
    known: KnownOptions,
    options: object,
    body: (peers: Peers) => Promise<R>,
  ): Promise<R> {
    const signature = signatureOf(numberOfOperation(operation), call.options, undefined);
    const entry = { number: this.#agreement.number(signature, this.run), signature, call };
    const begin = (): Promise<R> => this.#run(entry, known, options, () => this.#byMessages(entry, body));
    const result = this.#engine.checking?.from(begin) ?? begin();
    call.result = result;
    return result;
  }

  /**
   * This rank takes no part in the next collective, which fails on all ranks with `error`. It posts and sends nothing of it: a rank
   * that is in another one, because it does not know yet, gets this error too, and not that they disagree.
   */
  refuse(operation: Operation, call: Call, error: Error): Promise<never> {
    const signature = signatureOf(numberOfOperation(operation), call.options, undefined);
    const entry = { number: this.#agreement.number(signature, this.refuse), signature, call };
    const result = this.#run(entry, nothingKnown, {}, () => Promise.reject(error));
    call.result = result;
    return result;
  }

  /**
   * Runs one collective on the ranks' board, if they have one; otherwise by messages. A collective that need not wait has ended
   * when this returns, and has made no object for waiting.
   */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: the hot path, whose parts would have to hand on what they have begun
  exchange(
    routine: Routine,
    communicator: string,
    options: RoutineOptions,
    value: unknown,
    reducer: unknown,
  ): Promise<unknown> {
    const { checking } = this.#engine;
    if (checking !== undefined) return this.#checked(checking, routine, communicator, options, value, reducer);
    const signature = signatureOf(routine.number, options, reducer);
    const number = this.#agreement.number(signature, this.exchange);
    let board: Board | undefined;
    let plan: Planned | undefined;
    let run: BoardRun | undefined;
    let refused: unknown;
    try {
      board = this.#boardFor(routine.operation);
      if (board !== undefined && !this.#agreement.troubled && !this.#engine.stopped) {
        checkOptions(routine.known, options);
        const short = this.#byShortPosts(routine, number, signature, options, value, reducer);
        if (short !== undefined) return short;
        if (options.signal === undefined) plan = this.#plan(routine, options, value, reducer);
        if (typeof plan === "object" && !(plan instanceof Promise)) {
          run = this.#boardRun(board, number, signature, plan);
          if ((run.advance(false) || this.#engine.boardWaits.linger(run)) && run.over) {
            const ended = run.end();
            this.#idle = run;
            return this.#endedAtOnce(number, ended);
          }
        }
      }
    } catch (error) {
      refused = error;
    }
    const call: Call = { operation: routine.operation, options, communicator, reducer: numberOf(reducer) };
    const begun: Begun = { number, signature, call, board, plan, run, refused };
    const result = this.#continue(routine, begun, value, reducer);
    call.result = result;
    return result;
  }

  /** The shortest path; undefined: the collective goes on the usual way. */
  #byShortPosts(
    routine: Routine,
    number: number,
    signature: number,
    options: RoutineOptions,
    value: unknown,
    reducer: unknown,
  ): Promise<unknown> | undefined {
    const short = this.#short;
    if (short === undefined || options.signal !== undefined || !this.#engine.boardWaits.idle) return undefined;
    const result = short.run(routine.operation, number, signature, value, options, reducer);
    if (result === notThere) return undefined;
    this.#board?.done(number);
    return this.#endedAtOnce(number, result);
  }

  #endedAtOnce(number: number, result: unknown): Promise<unknown> {
    this.#agreement.endedAtOnce(number);
    return this.#engine.boardWaits.atOnce(result);
  }

  /** An exchange under `--check`: by messages, after a comparison of all ranks' arguments and before a barrier. */
  #checked(
    checking: Checker,
    routine: Routine,
    communicator: string,
    options: RoutineOptions,
    value: unknown,
    reducer: unknown,
  ): Promise<unknown> {
    const { operation, known } = routine;
    const call: Call = { operation, options, communicator, reducer: numberOf(reducer) };
    return checking.buffers.watch(call, value, options?.into, () => {
      const signature = signatureOf(routine.number, options, reducer);
      const entry = { number: this.#agreement.number(signature, this.exchange), signature, call };
      const body = async (peers: Peers): Promise<unknown> => {
        await compareArguments(peers, operation, call.site, value, options, reducer);
        const result = await routine.byMessages(peers, value, root, options, reducer as Reducer<unknown>);
        await barrier(peers); // a failure on one rank fails all
        return result;
      };
      const root = options?.root ?? 0;
      const work = async (): Promise<unknown> => {
        this.#rootOf(options); // refused before the first message, else other ranks take this for another collective
        return this.#byMessages(entry, body);
      };
      call.result = this.#run(entry, known, options, work);
      return call.result;
    });
  }

  /** The rest of an exchange that has to wait or that was refused. */
  #continue(routine: Routine, begun: Begun, value: unknown, reducer: unknown): Promise<unknown> {
    const { number, signature, board, plan, run, refused } = begun;
    const options = begun.call.options as RoutineOptions;
    const body = (peers: Peers): Promise<unknown> =>
      routine.byMessages(peers, value, this.#rootOf(options), options, reducer as Reducer<unknown>);
    return this.#run(begun, routine.known, options, async () => {
      if (refused !== undefined) throw refused;
      if (board === undefined) return this.#byMessages(begun, body);
      const exchange = await (plan ?? this.#plan(routine, options, value, reducer));
      if (typeof exchange === "string") return this.#byMessages(begun, body, exchange);
      return this.#finish(run ?? this.#boardRun(board, number, signature, exchange), begun);
    });
  }

  #plan(routine: Routine, options: RoutineOptions, value: unknown, reducer: unknown): Planned {
    return routine.onBoard(this.#context.here, value, this.#rootOf(options), options, reducer as Reducer<unknown>);
  }

  #rootOf({ root = 0 }: RoutineOptions): number {
    checkRank("root", root, this.#context.members.length);
    return root;
  }

  async #run<R>(entry: Entry, known: KnownOptions, options: object, work: () => Promise<R>): Promise<R> {
    const { number, signature, call } = entry;
    const agreement = this.#agreement;
    agreement.enter(number, call, signature);
    let forget: (() => void) | undefined;
    try {
      this.#boardFor(); // opened also for a call that fails before it posts: `done` below must reach the board
      checkOptions(known, options);
      forget = onAbort(signalOf(call), (reason) => agreement.cancel(number, call, reason));
      agreement.refuseIfFailed(number, call);
      this.#engine.refuseIfStopped(call);
      const result = await work();
      const doubt = agreement.doubt(number, call, signature);
      if (doubt !== undefined) await doubt;
      agreement.throwIfFailed(number); // a failure may have been found while this call ended
      return result;
    } catch (thrown) {
      const error = sitedError(call, agreement.failed(number, call, thrown));
      // The caller may change its memory from now on, so no rank may read what was lent.
      this.#board?.withdraw(number);
      const { sends } = this.#engine;
      if (sends.areUnderWay(call)) await sends.settled(call);
      throw error;
    } finally {
      forget?.();
      agreement.leave(number);
      this.#board?.done(number);
    }
  }

  /** Runs by messages. With a board it first posts that this rank has come to this collective, and `what` it has. */
  async #byMessages<R>(entry: Entry, body: (peers: Peers) => Promise<R>, what = ""): Promise<R> {
    const board = this.#boardFor();
    if (board !== undefined) {
      await this.#waitFor(this.#boardRun(board, entry.number, entry.signature, apart(what)), entry);
    }
    return body(collectivePeers(this.#context, entry));
  }

  /** Waits for a board run, sends and receives the values too large for the board, and returns the result. */
  async #finish(run: BoardRun, entry: Entry): Promise<unknown> {
    for (;;) {
      await this.#waitFor(run, entry);
      if (!run.awaitsMessages) return run.end();
      const peers = collectivePeers(this.#context, entry);
      const { give, to } = run.exchange;
      const sends = run.byMessage
        ? membersOf(to, peers.size).map((rank) => rank !== peers.rank && peers.send(rank, parcelFor(rank, give)))
        : [];
      const arrived = new Map<number, Parcel>();
      const receives = run.absent.map(async (rank) => arrived.set(rank, await peers.recv(rank)));
      await Promise.all([...receives, ...sends]);
      run.arrived(arrived);
    }
  }

  /** Waits until a board run has ended or needs messages. */
  async #waitFor(run: BoardRun, { number, signature, call }: Entry): Promise<void> {
    this.#agreement.throwIfFailed(number); // it may have failed since it was called, in the same turn
    // This rank may already sleep in another call. It then polls the board only after a wake, so `advance` sets the sleep flag.
    if (!run.advance(true)) await this.#engine.boardWaits.watch(this.#context.channel, number, call, run);
    const { stray } = run;
    if (stray === undefined) return;
    const { rank, signature: theirs } = stray;
    const envelope = { source: this.#context.members[rank] as number, signature: theirs };
    throw await this.#agreement.disagreement(number, envelope, call, signature);
  }

  /** A board run at its beginning. Reuses that of the last collective if it has ended. */
  #boardRun(board: Board, number: number, signature: number, exchange: Exchange<unknown>): BoardRun {
    const run = this.#idle ?? new BoardRun(board, this.#context.here.rank, this.#context.members);
    this.#idle = undefined;
    run.begin(number, signature, exchange, this.#short?.hasPosted(number));
    return run;
  }

  /** The board; undefined if there is none or the environment asks for another algorithm. */
  #boardFor(operation?: Operation): Board | undefined {
    if (this.#board === null) {
      const { members, channel } = this.#context;
      this.#board = members.length > 1 ? this.#engine.board(channel) : undefined;
      const short = this.#board?.short;
      this.#short = short && new ShortCollectives(short, this.#context.here.rank, members.length);
    }
    return this.#board !== undefined && operation !== undefined && isOverridden(operation) ? undefined : this.#board;
  }

  #revoked(): void {
    const { channel } = this.#context;
    this.#engine.checking?.closed(channel.context); // it may stay open
    this.#agreement.end((call) => this.#engine.survival.refusal(call, channel.context));
    this.#engine.receives.release(channel);
  }

  /** The communicator was closed. Calls under way continue; the communicator itself refuses further ones. */
  close(): void {
    const { channel } = this.#context;
    this.#engine.checking?.closed(channel.context);
    if (!this.#agreement.idle) return;
    this.#engine.ledgers.delete(channel.context);
    this.#engine.survival.closed(channel.context);
    this.#engine.receives.release(channel);
    this.#board?.close();
    this.#board = undefined;
    this.#short = undefined;
  }
}

const nothingKnown: KnownOptions = { names: [], has: {}, lists: false, named: false };
