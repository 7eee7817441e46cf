import { onAbort } from "./abort.ts";
import { type Call, describe, failure, signalOf } from "./call.ts";
import { locate, RecentCalls, siteHere } from "./call-site.ts";
import type { Channel, Question } from "./channel.ts";
import { checkRank } from "./check.ts";
import { checkOptions } from "./check-options.ts";
import { decode, encode, type Parcel } from "./codec.ts";
import { isOverridden } from "./collectives/choose.ts";
import { apart, type Exchange, type Here, membersOf, parcelFor } from "./collectives/exchange.ts";
import type { Planned, Routine, RoutineOptions } from "./collectives/routines.ts";
import type { Engine } from "./engine.ts";
import type { Envelope } from "./envelope.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails, messageOf } from "./errors.ts";
import type { Letter } from "./mailbox.ts";
import { nameOf, numberOf, type Reducer } from "./op.ts";
import type { Peers } from "./peers.ts";
import { callOf, differInReducer, numberOfOperation, type Operation, signatureOf, unknown } from "./signature.ts";
import type { Board } from "./transport.ts";
import { Turn } from "./turn.ts";

/** A collective that is under way here. */
interface Active {
  readonly call: Call;
  /** Operation, root and reducer, as its messages carry them. */
  readonly signature: number;
}

/** How far an exchange has come within its call. */
interface Begun {
  readonly board: Board | undefined;
  readonly plan: Planned | undefined;
  readonly turn: Turn | undefined;
  readonly refused: unknown;
}

/** What a failure notice carries: the error of the rank that failed first. */
interface Notice {
  code: MpiErrorCode;
  message: string;
  rank: number;
  host: string;
  cause: unknown;
}

/**
 * The collectives of one communicator, on one rank: numbers them in the order they are issued, runs them at the same
 * time, and sees to it that one that fails here fails on all ranks.
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
  readonly #active: Map<number, Active> = new Map();
  /** Why a collective failed here, by its number: whatever of it is still to come is refused or dropped. */
  readonly #failed: Map<number, MpiError> = new Map();
  readonly #recent: RecentCalls = new RecentCalls();
  /** Collectives that this rank has asked another one about, and what ends the waiting for its answer. */
  readonly #asked: Map<number, () => void> = new Map();
  /** Collectives that had ended here and are about to turn out to have failed. */
  readonly #verdicts: Set<Promise<void>> = new Set();
  /** Where these ranks post what they have; undefined if they do not share memory, null while nobody has asked. */
  #board: Board | undefined | null = null;
  /** What remains of a collective that did not have to wait, for the next one. */
  #idle: Turn | undefined;
  /** Something has failed, or is known that may: what every collective looks at first. */
  #troubled: boolean;
  #next = 0;
  /** A failure of a collective that this rank had completed already: the next one reports it. */
  #late: MpiError | undefined;

  constructor(engine: Engine, context: number, members: readonly number[], hosts: readonly string[]) {
    const index = new Map([...new Set(hosts)].map((host, i) => [host, i]));
    this.#engine = engine;
    this.#members = members;
    this.#here = { rank: members.indexOf(engine.who.rank), size: members.length };
    this.#hosts = hosts.map((host) => index.get(host) as number);
    this.#channel = engine.channel(context, true);
    this.#channel.members = members;
    this.#channel.over = (envelope) => this.#over(envelope);
    this.#channel.signatureOf = (number) => this.#active.get(number)?.signature;
    this.#channel.onQuestion = (question) => {
      this.#troubled = true;
      void this.#questioned(question);
    };
    this.#channel.onFailure = (number, parcel) => {
      this.#troubled = true;
      this.#noticed(number, parcel);
    };
    this.#troubled = this.#hasTrouble();
  }

  /** Runs one collective by messages. Its place in the order is taken before this function first waits. */
  run<R>(operation: Operation, call: Call, body: (peers: Peers) => Promise<R>): Promise<R> {
    const number = this.#next++;
    const signature = signatureOf(numberOfOperation(operation), call.options, undefined);
    this.#recent.note(number, signature, this.run);
    const result = this.#run(number, signature, call, () => this.#apart(number, signature, call, body));
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
    const number = this.#next++;
    const signature = signatureOf(routine.number, options, reducer);
    this.#recent.note(number, signature, this.exchange);
    let board: Board | undefined;
    let plan: Planned | undefined;
    let turn: Turn | undefined;
    let refused: unknown;
    try {
      board = this.#boardFor(routine.operation);
      if (board !== undefined && !this.#troubled && !this.#engine.stopped) {
        checkOptions(options);
        if (options.signal === undefined) plan = this.#plan(routine, options, value, reducer);
        if (typeof plan === "object" && !(plan instanceof Promise)) {
          turn = this.#turn(board, number, signature, plan);
          if ((turn.advance(false) || this.#engine.linger(turn)) && turn.over) {
            const result = turn.end();
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
    return this.#run(number, signature, call, async () => {
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

  async #run<R>(number: number, signature: number, call: Call, work: () => Promise<R>): Promise<R> {
    this.#active.set(number, { call, signature });
    let forget: (() => void) | undefined;
    try {
      this.#boardFor(); // also whoever fails before it posts has to be through with it
      checkOptions(call.options);
      forget = onAbort(signalOf(call), (reason) => {
        this.#notify(number, this.#fail(number, call, "aborted", `cancelled: ${messageOf(reason)}`, { cause: reason }));
      });
      this.#refuseIfFailed(number, call);
      this.#engine.refuseIfStopped(call);
      const result = await work();
      const stray = this.#engine.dismiss(this.#channel, number);
      if (stray !== undefined) throw await this.#disagreement(number, stray, { call, signature });
      if (this.#verdicts.size > 0) await Promise.all(this.#verdicts);
      this.#throwIfFailed(number); // also if that was found out when it had ended but for this
      return result;
    } catch (thrown) {
      const noticed = this.#failed.get(number);
      if (noticed !== undefined) throw noticed;
      const error = this.#own(thrown, call);
      this.#failed.set(number, error);
      this.#engine.reject(call, error); // what else it waits for here would keep the process alive
      if (!this.#engine.stopped) this.#notify(number, error); // else the others are told by whoever stops the job
      throw error;
    } finally {
      forget?.();
      this.#active.delete(number);
      this.#channel.failures.delete(number);
      this.#channel.questions.delete(number);
      if (this.#failed.has(number)) this.#engine.dismiss(this.#channel, number);
      this.#board?.done(number);
      this.#troubled = this.#hasTrouble();
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
    if (!turn.advance(true)) await this.#engine.watch(this.#channel, number, call, turn);
    const { stray } = turn;
    if (stray === undefined) return;
    const { rank, signature: theirs } = stray;
    const envelope = { source: this.#members[rank] as number, signature: theirs };
    throw await this.#disagreement(number, envelope, { call, signature });
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

  /** Whether something has failed here, or is known that may. */
  #hasTrouble(): boolean {
    return (
      this.#failed.size > 0 ||
      this.#late !== undefined ||
      this.#verdicts.size > 0 ||
      this.#channel.failures.size > 0 ||
      this.#channel.questions.size > 0
    );
  }

  /** The communicator was closed: calls that are under way go on, further ones are its own to refuse. */
  close(): void {
    if (this.#active.size > 0) return;
    this.#engine.release(this.#channel);
    this.#board?.close();
    this.#board = undefined;
  }

  #peers(number: number, signature: number, call: Call): Peers {
    const members = this.#members;
    const options = { signature };
    const accept = (letter: Letter): Parcel | Promise<Parcel> => {
      if (letter.envelope.signature !== signature) return this.#refuse(number, letter.envelope, { call, signature });
      letter.keep();
      return letter.body as Parcel;
    };
    return {
      rank: this.#here.rank,
      size: members.length,
      hosts: this.#hosts,
      send: (dest, parcel) => {
        const failed = this.#failed.get(number);
        if (failed !== undefined) return Promise.reject(failed);
        return this.#engine.send(this.#channel, members[dest] as number, number, parcel, call, options);
      },
      recv: (source) => {
        const failed = this.#failed.get(number);
        if (failed !== undefined) return Promise.reject(failed);
        return this.#engine.receive(this.#channel, members[source] as number, number, call, accept);
      },
    };
  }

  /** Runs on behalf of who waits for the message: from its second turn on the user's line is on the stack. */
  async #refuse(number: number, stray: Envelope, mine: Active): Promise<never> {
    await null;
    await null;
    throw await this.#disagreement(number, stray, mine);
  }

  #throwIfFailed(number: number): void {
    const error = this.#failed.get(number);
    if (error !== undefined) throw error;
  }

  /** `site` is where the other rank is, when it has said so. */
  #mismatch(rank: number, signature: number, own: number, call: Call, site: string | undefined): MpiError {
    const where = site === undefined ? "" : ` at ${site}`;
    const theirs = callOf(signature);
    const reducersAlone = differInReducer(signature, own);
    const is = reducersAlone
      ? `combines with ${nameOf(theirs.reducer ?? 0)}${where}, this one with ${nameOf(call.reducer ?? 0)}`
      : `is in ${describe(theirs)}${where} instead`;
    return failure(this.#engine.who, call, "mismatch", `rank ${rank} ${is}; all ranks must call the same`);
  }

  /**
   * A message is of another collective than this rank is in, or was: what both ranks fail with. The other one is asked,
   * for it alone knows where it is: it tells everybody, with both places, unless it computes. The caller is what the
   * user waits for.
   */
  async #disagreement(
    number: number,
    { source, signature }: Pick<Envelope, "source" | "signature">,
    mine: Active,
  ): Promise<MpiError> {
    const { call } = mine;
    call.site ??= siteHere() ?? this.#recent.siteOf(number);
    if (!this.#failed.has(number) && !this.#asked.has(number)) {
      this.#engine.question(this.#channel, source, number, mine.signature, call.site);
      const answered = new Promise<void>((resolve) => this.#asked.set(number, resolve));
      await this.#engine.listenWhile(answered, answerMs);
      this.#asked.delete(number);
    }
    return (
      this.#failed.get(number) ??
      this.#mismatch(this.#members.indexOf(source), signature, mine.signature, call, undefined)
    );
  }

  /** Whether a message comes for a collective that has ended here. It is discarded; if that one ended well, it is told. */
  #over(envelope: Envelope): boolean {
    const number = envelope.tag;
    if (number >= this.#next || this.#active.has(number)) return false;
    if (!this.#failed.has(number) && !this.#asked.has(number)) {
      const verdict = this.#tooLate(number, envelope).finally(() => this.#verdicts.delete(verdict));
      this.#verdicts.add(verdict);
      this.#troubled = true;
    }
    return true;
  }

  async #tooLate(number: number, envelope: Envelope): Promise<void> {
    const signature = this.#recent.signatureOf(number) ?? unknown;
    const error = await this.#disagreement(number, envelope, { call: this.#ended(number), signature });
    if (this.#failed.has(number)) return;
    this.#failedLate(number, error);
    this.#notify(number, error);
  }

  /** Another rank has waited for this one, or has found out: if the two are in different collectives, neither will end. */
  async #questioned({ tag: number, source, signature, site }: Question): Promise<void> {
    const rank = this.#members.indexOf(source);
    const own = this.#active.get(number)?.signature ?? this.#recent.signatureOf(number);
    if (number < this.#next && !this.#active.has(number)) this.#channel.questions.delete(number); // nobody will come for it
    if (own === undefined || own === signature || number >= this.#next || this.#failed.has(number)) return;
    const mine = this.#active.get(number);
    if (mine !== undefined) {
      const { call } = mine;
      await locate(call, this.#engine.divertOf(call));
      call.site ??= this.#recent.siteOf(number);
      if (this.#failed.has(number)) return;
      if (this.#active.has(number)) {
        this.#failHere(number, call, this.#mismatch(rank, signature, own, call, site));
        return;
      }
    }
    // It has ended here, perhaps just now: the next one has to tell.
    const error = this.#mismatch(rank, signature, own, this.#ended(number), site);
    this.#failedLate(number, error);
    this.#notify(number, error);
  }

  #refuseIfFailed(number: number, call: Call): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw this.#following(late, call);
    const notice = this.#channel.failures.get(number);
    if (notice !== undefined) this.#noticed(number, notice);
    const question = this.#channel.questions.get(number);
    if (question !== undefined) void this.#questioned(question);
    this.#throwIfFailed(number);
  }

  /** Another rank tells that collective `number` has failed there. */
  #noticed(number: number, parcel: Parcel): void {
    if (this.#failed.has(number) || number >= this.#next) return;
    const { code, message, rank, host, cause } = decode(parcel) as Notice;
    const why = `failed on rank ${rank}: ${message}`;
    const mine = this.#active.get(number);
    if (mine !== undefined) {
      mine.call.site ??= this.#recent.siteOf(number);
      this.#fail(number, mine.call, code, why, { rank, host, cause });
      return;
    }
    this.#failedLate(number, failure(this.#engine.who, this.#ended(number), code, why, { rank, host, cause }));
  }

  /**
   * A collective has failed that had ended well here. The ranks that know may not come to the next one, so the first
   * that this rank is in, or the next that it comes to, fails too.
   */
  #failedLate(number: number, error: MpiError): void {
    this.#markFailed(number, error);
    const [first] = this.#active;
    if (first === undefined) this.#late = error;
    else this.#failHere(first[0], first[1].call, this.#following(error, first[1].call));
  }

  #following(late: MpiError, call: Call): MpiError {
    const why = `earlier, ${late.message.replace(/^\[rank [^\]]*\] /, "")}`;
    return failure(this.#engine.who, call, late.code, why, { cause: late });
  }

  /** A call that has ended here. */
  #ended(number: number): Call {
    const signature = this.#recent.signatureOf(number);
    if (signature === undefined) return { operation: `collective ${number}` };
    return { ...callOf(signature), site: this.#recent.siteOf(number) };
  }

  /** Ends a collective that is under way here, and tells the others. */
  #failHere(number: number, call: Call, error: MpiError): void {
    this.#markFailed(number, error);
    this.#engine.reject(call, error);
    this.#notify(number, error);
  }

  #markFailed(number: number, error: MpiError): void {
    this.#failed.set(number, error);
    this.#asked.get(number)?.();
  }

  /** Marks a collective as failed and ends whatever it is waiting for. */
  #fail(number: number, call: Call, code: MpiErrorCode, why: string, details: MpiErrorDetails): MpiError {
    const error = failure(this.#engine.who, call, code, why, details);
    this.#markFailed(number, error);
    this.#engine.reject(call, error);
    return error;
  }

  #notify(number: number, error: MpiError): void {
    const { rank, host } = this.#engine.who;
    const notice: Notice = { code: error.code, message: error.message, rank, host, cause: undefined };
    let parcel: Parcel;
    try {
      parcel = encode({ ...notice, cause: error.cause });
    } catch {
      parcel = encode(notice);
    }
    for (const member of this.#members) this.#engine.notify(this.#channel, member, number, parcel);
  }

  /** What was thrown, as an error that says who and which call. A user function's own error becomes the cause. */
  #own(thrown: unknown, call: Call): MpiError {
    if (thrown instanceof MpiError) {
      if (thrown.rank !== undefined) return thrown;
      if (thrown.code === "mismatch") call.site ??= siteHere();
      return failure(this.#engine.who, call, thrown.code, thrown.message, { cause: thrown.cause });
    }
    return failure(this.#engine.who, call, "aborted", messageOf(thrown), { cause: thrown });
  }
}

/** How long a rank that is not in the same collective is given to say where it is: it may compute. */
const answerMs = 300;
