import { onAbort } from "../calls/abort.ts";
import { type Call, signalOf } from "../calls/call.ts";
import { sitedError } from "../calls/call-site.ts";
import { checkRank } from "../calls/check.ts";
import { checkOptions, type KnownOptions } from "../calls/check-options.ts";
import type { Checker } from "../calls/checker.ts";
import type { Channel } from "../engine/channel.ts";
import type { Engine } from "../engine/engine.ts";
import type { Letter } from "../engine/matching.ts";
import { ignore } from "../engine/wait-counter.ts";
import { numberOf, type Reducer } from "../ops/op.ts";
import type { Parcel } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import type { Board } from "../wire/transport.ts";
import { Agreement } from "./agreement.ts";
import { barrier } from "./algorithms/barrier.ts";
import { apart, type Exchange, type Here, membersOf, parcelFor } from "./algorithms/board-exchange.ts";
import { isOverridden } from "./algorithms/choose.ts";
import { Turn } from "./board-run.ts";
import { compareArguments } from "./compare-arguments.ts";
import type { Planned, Routine, RoutineOptions } from "./implementations.ts";
import { numberOfOperation, type Operation, signatureOf } from "./signature.ts";

/** How far an exchange has come within its call. */
interface Begun {
  readonly board: Board | undefined;
  readonly plan: Planned | undefined;
  readonly turn: Turn | undefined;
  readonly refused: unknown;
}

/**
 * The collectives of one communicator, on one rank: runs them, any number at the same time, on the ranks' board or by
 * messages.
 *
 * A collective's messages carry its number as their tag, so any number of collectives can be under way; and what it is
 * (operation and root), so ranks that disagree are told so at the first message instead of waiting for each other.
 */
export class Collectives {
  readonly #engine: Engine;
  readonly #channel: Channel;
  /** Rank in the world of each rank here. */
  readonly #members: readonly number[];
  readonly #here: Here;
  /** Index of the host of each rank here. */
  readonly #hosts: readonly number[];
  readonly #agreement: Agreement;
  /** Where these ranks post what they have; undefined if they do not share memory, null while nobody has asked. */
  #board: Board | undefined | null = null;
  /** What remains of a collective that did not have to wait, for the next one. */
  #idle: Turn | undefined;

  constructor(engine: Engine, context: number, members: readonly number[], hosts: readonly string[]) {
    const index = new Map([...new Set(hosts)].map((host, i) => [host, i]));
    this.#engine = engine;
    this.#members = members;
    this.#here = { rank: members.indexOf(engine.who.rank), size: members.length };
    this.#hosts = hosts.map((host) => index.get(host) as number);
    this.#channel = engine.channel(context, true);
    this.#channel.members = members;
    this.#agreement = new Agreement(engine, this.#channel, members);
    engine.checking?.opened(context);
    engine.ledgers.set(context, () => ({ context, ...this.#agreement.ledger }));
  }

  /** Runs one collective by messages. Its place in the order is taken before this function first waits. */
  run<R>(
    operation: Operation,
    call: Call,
    known: KnownOptions,
    options: object,
    body: (peers: Peers) => Promise<R>,
  ): Promise<R> {
    const signature = signatureOf(numberOfOperation(operation), call.options, undefined);
    const number = this.#agreement.number(signature, this.run);
    const work = (): Promise<R> => this.#apart(number, signature, call, body);
    const begin = (): Promise<R> => this.#run(number, signature, call, known, options, work);
    const result = this.#engine.checking?.from(begin) ?? begin();
    call.result = result;
    return result;
  }

  /**
   * Runs one collective on the ranks' board, if they have one, else by messages. One that need not wait is over when this
   * returns, and nothing was made that could wait.
   */
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
    let turn: Turn | undefined;
    let refused: unknown;
    try {
      board = this.#boardFor(routine.operation);
      if (board !== undefined && !this.#agreement.troubled && !this.#engine.stopped) {
        checkOptions(routine.known, options);
        if (options.signal === undefined) plan = this.#plan(routine, options, value, reducer);
        if (typeof plan === "object" && !(plan instanceof Promise)) {
          turn = this.#turn(board, number, signature, plan);
          if ((turn.advance(false) || this.#engine.watches.linger(turn)) && turn.over) {
            const result = turn.end();
            this.#agreement.endedAtOnce(number);
            this.#idle = turn;
            return Promise.resolve(result);
          }
        }
      }
    } catch (error) {
      refused = error;
    }
    const call: Call = { operation: routine.operation, options, communicator, reducer: numberOf(reducer) };
    const begun: Begun = { board, plan, turn, refused };
    const result = this.#goOn(routine, number, signature, call, begun, value, reducer);
    call.result = result;
    return result;
  }

  /** An exchange under `--check`: by messages, between a comparison of all ranks' arguments and a barrier. */
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
      const number = this.#agreement.number(signature, this.exchange);
      const body = async (peers: Peers): Promise<unknown> => {
        await compareArguments(peers, operation, call.site, value, options, reducer);
        const result = await routine.byMessages(peers, value, root, options, reducer as Reducer<unknown>);
        await barrier(peers); // what fails on one rank fails on all
        return result;
      };
      const root = options?.root ?? 0;
      const work = async (): Promise<unknown> => {
        this.#rootOf(options); // refused before the other ranks see it: they must not take it for another collective
        return this.#apart(number, signature, call, body);
      };
      call.result = this.#run(number, signature, call, known, options, work);
      return call.result;
    });
  }

  /** The rest of an exchange that has to wait, or that was refused. */
  #goOn(
    routine: Routine,
    number: number,
    signature: number,
    call: Call,
    { board, plan, turn, refused }: Begun,
    value: unknown,
    reducer: unknown,
  ): Promise<unknown> {
    const options = call.options as RoutineOptions;
    const body = (peers: Peers): Promise<unknown> =>
      routine.byMessages(peers, value, this.#rootOf(options), options, reducer as Reducer<unknown>);
    return this.#run(number, signature, call, routine.known, options, async () => {
      if (refused !== undefined) throw refused;
      if (board === undefined) return this.#apart(number, signature, call, body);
      const exchange = await (plan ?? this.#plan(routine, options, value, reducer));
      if (typeof exchange === "string") return this.#apart(number, signature, call, body, exchange);
      return this.#take(turn ?? this.#turn(board, number, signature, exchange), number, signature, call);
    });
  }

  #plan(routine: Routine, options: RoutineOptions, value: unknown, reducer: unknown): Planned {
    return routine.onBoard(this.#here, value, this.#rootOf(options), options, reducer as Reducer<unknown>);
  }

  #rootOf({ root = 0 }: RoutineOptions): number {
    checkRank("root", root, this.#members.length);
    return root;
  }

  async #run<R>(
    number: number,
    signature: number,
    call: Call,
    known: KnownOptions,
    options: object,
    work: () => Promise<R>,
  ): Promise<R> {
    const agreement = this.#agreement;
    agreement.enter(number, call, signature);
    let forget: (() => void) | undefined;
    try {
      this.#boardFor(); // also whoever fails before it posts has to be through with it
      checkOptions(known, options);
      forget = onAbort(signalOf(call), (reason) => agreement.cancel(number, call, reason));
      agreement.refuseIfFailed(number, call);
      this.#engine.refuseIfStopped(call);
      const result = await work();
      const doubt = agreement.doubt(number, call, signature);
      if (doubt !== undefined) await doubt;
      agreement.throwIfFailed(number); // also if that was found out when it had ended but for this
      return result;
    } catch (thrown) {
      const error = sitedError(call, agreement.failed(number, call, thrown));
      // The caller may change its memory from now on: nobody may take it for what was given.
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

  /** By messages. Where there is a board the others learn there that this rank has come, and to what. */
  async #apart<R>(
    number: number,
    signature: number,
    call: Call,
    body: (peers: Peers) => Promise<R>,
    what = "",
  ): Promise<R> {
    const board = this.#boardFor();
    if (board !== undefined) {
      const turn = this.#turn(board, number, signature, apart(what));
      await this.#waitFor(turn, number, signature, call);
    }
    return body(this.#peers(number, signature, call));
  }

  /** What comes of a turn on the board. */
  async #take(turn: Turn, number: number, signature: number, call: Call): Promise<unknown> {
    for (;;) {
      await this.#waitFor(turn, number, signature, call);
      if (!turn.awaitsMessages) return turn.end();
      const peers = this.#peers(number, signature, call);
      const { give, to } = turn.exchange;
      const sends = turn.byMessage
        ? membersOf(to, peers.size).map((rank) => rank !== peers.rank && peers.send(rank, parcelFor(rank, give)))
        : [];
      const arrived = new Map<number, Parcel>();
      const receives = turn.absent.map(async (rank) => arrived.set(rank, await peers.recv(rank)));
      await Promise.all([...receives, ...sends]);
      turn.arrived(arrived);
    }
  }

  /** Waits until a turn has come to its end. */
  async #waitFor(turn: Turn, number: number, signature: number, call: Call): Promise<void> {
    // Over another call this rank may be asleep already: nobody would look at the board until the bell rings.
    if (!turn.advance(true)) await this.#engine.watches.watch(this.#channel, number, call, turn);
    const { stray } = turn;
    if (stray === undefined) return;
    const { rank, signature: theirs } = stray;
    const envelope = { source: this.#members[rank] as number, signature: theirs };
    throw await this.#agreement.disagreement(number, envelope, call, signature);
  }

  /** One that is at its beginning: that of the last collective, if it needs it no more. */
  #turn(board: Board, number: number, signature: number, exchange: Exchange<unknown>): Turn {
    const turn = this.#idle ?? new Turn(board, this.#here.rank, this.#members);
    this.#idle = undefined;
    turn.begin(number, signature, exchange);
    return turn;
  }

  /** The board, unless the environment wants another algorithm. */
  #boardFor(operation?: Operation): Board | undefined {
    if (this.#board === null) this.#board = this.#members.length > 1 ? this.#engine.board(this.#channel) : undefined;
    return this.#board !== undefined && operation !== undefined && isOverridden(operation) ? undefined : this.#board;
  }

  /** The communicator was closed: calls that are under way go on, further ones are its own to refuse. */
  close(): void {
    this.#engine.checking?.closed(this.#channel.context);
    if (!this.#agreement.idle) return;
    this.#engine.ledgers.delete(this.#channel.context);
    this.#engine.receives.release(this.#channel);
    this.#board?.close();
    this.#board = undefined;
  }

  #peers(number: number, signature: number, call: Call): Peers {
    const agreement = this.#agreement;
    const members = this.#members;
    const options = { signature, cancellable: signalOf(call) !== undefined };
    const accept = (letter: Letter): Parcel | Promise<Parcel> => {
      if (letter.envelope.signature !== signature)
        return ignored(agreement.refuse(number, letter.envelope, call, signature));
      letter.keep();
      return letter.body as Parcel;
    };
    return {
      rank: this.#here.rank,
      size: members.length,
      hosts: this.#hosts,
      send: (dest, parcel) => {
        const failed = agreement.errorOf(number);
        if (failed !== undefined) return ignored(Promise.reject(failed));
        return this.#engine.sends.send(this.#channel, members[dest] as number, number, parcel, call, options);
      },
      recv: (source) => {
        const failed = agreement.errorOf(number);
        if (failed !== undefined) return ignored(Promise.reject(failed));
        return this.#engine.receives.receive(this.#channel, members[source] as number, number, call, accept);
      },
    };
  }
}

/** An algorithm that fails at one step may have begun others, which nobody will wait for. */
function ignored(failing: Promise<never>): Promise<never> {
  ignore(failing);
  return failing;
}
