import type { Joined } from "./bootstrap.ts";
import { type Call, describe, failure, type Identity } from "./call.ts";
import { locate, RecentCalls, siteHere } from "./call-site.ts";
import type { Channel, Question } from "./channel.ts";
import { decode, encode, type Parcel } from "./codec.ts";
import type { Engine } from "./engine.ts";
import type { Envelope } from "./envelope.ts";
import { MpiError, type MpiErrorCode, type MpiErrorDetails, messageOf } from "./errors.ts";
import { nameOf } from "./op.ts";
import { callOf, differInReducer, unknown } from "./signature.ts";

/** A collective that is under way here. */
interface Active {
  readonly call: Call;
  /** Operation, root and reducer, as its messages carry them. */
  readonly signature: number;
}

/** What a failure notice carries: the error of the rank that failed first. */
interface Notice {
  code: MpiErrorCode;
  message: string;
  rank: number;
  host: string;
  cause: unknown;
  /** The ranks were in different collectives: no further one of this communicator can work. */
  lasting: boolean;
}

/**
 * Keeps the ranks of a communicator in agreement about its collectives. It numbers them in the order they are issued.
 *
 * | what happens | consequence |
 * | --- | --- |
 * | a collective fails on one rank | the others that are in it, or come to it, reject, too; the next one works |
 * | ranks are in different collectives | all reject, and so does every later collective of this communicator |
 *
 * A rank that has its result already keeps it: the result is right, for nothing of it was missing. The second kind cannot
 * be repaired: one rank may have left the collective with another's value long ago.
 */
export class Agreement {
  readonly #engine: Engine;
  readonly #channel: Channel;
  readonly #who: Identity;
  /** Rank in the world of each rank here. */
  readonly #members: readonly number[];
  readonly #active: Map<number, Active> = new Map();
  /** Why a collective that is under way failed, by its number. */
  readonly #failed: Map<number, MpiError> = new Map();
  readonly #recent: RecentCalls;
  /** Collectives that this rank has asked another one about, and what ends the waiting for its answer. */
  readonly #asked: Map<number, () => void> = new Map();
  /** Ranks were in different collectives: in which, and what the first rank that noticed has said. */
  #broken: { readonly number: number; readonly error: MpiError } | undefined;
  #hasFailed = false;
  #next = 0;
  /** The last one that has ended here. */
  #ended = -1;
  /** Something has failed, or is known that may: what every collective looks at first. */
  troubled: boolean;

  constructor(engine: Engine, channel: Channel, members: readonly number[]) {
    this.#engine = engine;
    this.#channel = channel;
    this.#who = engine.who;
    this.#members = members;
    this.#recent = new RecentCalls(engine.checking !== undefined);
    channel.over = (envelope) => this.#over(envelope);
    channel.signatureOf = (number) => this.#active.get(number)?.signature;
    channel.onQuestion = (question) => {
      this.troubled = true;
      void this.#questioned(question);
    };
    channel.onFailure = (number, parcel) => {
      this.troubled = true;
      this.#noticed(number, parcel);
    };
    this.troubled = this.#hasTrouble();
  }

  /** The number of the next collective. Called on the way from the user to `above`, whose callers are looked at. */
  number(signature: number, above: (...args: never[]) => unknown): number {
    const number = this.#next++;
    this.#recent.note(number, signature, above);
    return number;
  }

  /** A collective has ended well before anything was made that could wait for it. */
  endedAtOnce(number: number): void {
    this.#ended = number;
  }

  /** How many were called here, and the last few: what ranks compare in the end. */
  get ledger(): Pick<Joined, "failed" | "count" | "last"> {
    const last: Joined["last"] = [];
    for (let number = Math.max(0, this.#next - mostTold); number < this.#next; number++) {
      const signature = this.#recent.signatureOf(number);
      const site = this.#recent.siteOf(number);
      const call = signature === undefined ? "a collective" : describe(callOf(signature));
      last.push({ number, call, ...(site !== undefined && { site }) });
    }
    return { failed: this.#hasFailed || this.#broken !== undefined, count: this.#next, last };
  }

  /** Whether no collective is under way here. */
  get idle(): boolean {
    return this.#active.size === 0;
  }

  // One that may have to wait: it enters, and leaves whatever became of it

  enter(number: number, call: Call, signature: number): void {
    call.stack ??= this.#recent.stackOf(number);
    this.#active.set(number, { call, signature });
  }

  /** Its signal has aborted. */
  cancel(number: number, call: Call, reason: unknown): void {
    call.site ??= this.#recent.siteOf(number);
    const error = this.#fail(number, call, "aborted", `cancelled: ${messageOf(reason)}`, { cause: reason });
    this.#notify(number, error, false);
  }

  /** When it has ended here but for this: what has to be waited for, where ranks may have been in different ones. */
  doubt(number: number, call: Call, own: number): Promise<unknown> | undefined {
    const stray = this.#engine.receives.dismiss(this.#channel, number).find(({ signature }) => signature !== own);
    if (stray !== undefined) return rejectWith(this.disagreement(number, stray, call, own));
    return this.#engine.verdicts.size > 0 ? Promise.all(this.#engine.verdicts) : undefined;
  }

  /** This was thrown in it. What it fails with, on all ranks that still need something of this one. */
  failed(number: number, call: Call, thrown: unknown): MpiError {
    const noticed = this.#failed.get(number);
    if (noticed !== undefined) return noticed;
    const error = this.#own(number, thrown, call);
    this.#failed.set(number, error);
    this.#engine.reject(call, error, true); // what else it waits for here would keep the process alive
    if (!this.#engine.stopped) this.#notify(number, error, false); // else the launcher tells all ranks
    return error;
  }

  leave(number: number): void {
    this.#active.delete(number);
    this.#ended = Math.max(this.#ended, number);
    if (this.#failed.delete(number)) {
      this.#hasFailed = true;
      // Its arguments may have been what was wrong: they say nothing about which collective the others are in.
      this.#recent.forget(number);
      this.#engine.receives.dismiss(this.#channel, number);
    }
    for (const known of [this.#channel.failures, this.#channel.questions]) {
      for (const each of known.keys()) if (this.#isOver(each)) known.delete(each);
    }
    this.troubled = this.#hasTrouble();
  }

  /** Why it has failed here, if it has. */
  errorOf(number: number): MpiError | undefined {
    return this.#failed.get(number);
  }

  throwIfFailed(number: number): void {
    const error = this.#failed.get(number);
    if (error !== undefined) throw error;
  }

  /** Throws if it has failed elsewhere before this rank came to it, or if no collective works here any more. */
  refuseIfFailed(number: number, call: Call): void {
    if (this.#broken !== undefined) this.#failed.set(number, this.#refusal(call, this.#broken.error));
    const notice = this.#channel.failures.get(number);
    if (notice !== undefined) this.#noticed(number, notice);
    const question = this.#channel.questions.get(number);
    if (question !== undefined) void this.#questioned(question);
    this.throwIfFailed(number);
  }

  /** Whether something has failed here, or is known that may. */
  #hasTrouble(): boolean {
    return (
      this.#failed.size > 0 ||
      this.#broken !== undefined ||
      this.#engine.verdicts.size > 0 ||
      this.#channel.failures.size > 0 ||
      this.#channel.questions.size > 0
    );
  }

  /** Whether this rank has been in that collective and is no more. The latest one may be under way and not have entered. */
  #isOver(number: number): boolean {
    return number < this.#next && !this.#active.has(number) && (number < this.#next - 1 || number <= this.#ended);
  }

  // Failures

  /** Another rank tells that collective `number` has failed there. */
  #noticed(number: number, parcel: Parcel): void {
    const { code, message, rank, host, cause, lasting } = decode(parcel) as Notice;
    const details = { rank, host, cause };
    const why = `failed on rank ${rank}: ${message}`;
    if (lasting) {
      const call = this.#active.get(number)?.call ?? this.#callOf(number);
      call.site ??= this.#recent.siteOf(number);
      this.#break(number, failure(this.#who, call, code, why, details));
      return;
    }
    const mine = this.#active.get(number);
    if (mine === undefined || this.#failed.has(number)) return;
    mine.call.site ??= this.#recent.siteOf(number);
    this.#fail(number, mine.call, code, why, details);
  }

  /** Marks a collective that is under way as failed and ends whatever it is waiting for. */
  #fail(number: number, call: Call, code: MpiErrorCode, why: string, details: MpiErrorDetails): MpiError {
    const error = failure(this.#who, call, code, why, details);
    this.#markFailed(number, call, error);
    return error;
  }

  #markFailed(number: number, call: Call, error: MpiError): void {
    this.#failed.set(number, error);
    this.#engine.reject(call, error, true);
  }

  #notify(number: number, error: MpiError, lasting: boolean): void {
    const { rank, host } = this.#who;
    const notice: Notice = { code: error.code, message: error.message, rank, host, cause: undefined, lasting };
    let parcel: Parcel;
    try {
      parcel = encode({ ...notice, cause: error.cause });
    } catch {
      parcel = encode(notice);
    }
    for (const member of this.#members) this.#engine.questions.notify(this.#channel, member, number, parcel);
  }

  /** What was thrown, as an error that says who and which call. A user function's own error becomes the cause. */
  #own(number: number, thrown: unknown, call: Call): MpiError {
    if (thrown instanceof MpiError && thrown.rank !== undefined) return thrown;
    call.site ??= this.#recent.siteOf(number) ?? siteHere();
    if (thrown instanceof MpiError) {
      return failure(this.#who, call, thrown.code, thrown.message, { cause: thrown.cause });
    }
    return failure(this.#who, call, "aborted", messageOf(thrown), { cause: thrown });
  }

  // Ranks in different collectives

  /** Runs on behalf of the call that waits for the message: from its second turn on the user's line is on the stack. */
  async refuse(number: number, stray: Envelope, call: Call, own: number): Promise<never> {
    await null;
    await null;
    return rejectWith(this.disagreement(number, stray, call, own));
  }

  /**
   * A message is of another collective than this rank is in, or was: what both ranks fail with. The other rank is asked,
   * for it alone knows where it is: it tells all ranks, with both places, unless it computes. The caller is what the
   * user waits for.
   */
  async disagreement(
    number: number,
    { source, signature }: Pick<Envelope, "source" | "signature">,
    call: Call,
    own: number,
  ): Promise<MpiError> {
    call.site ??= siteHere() ?? this.#recent.siteOf(number);
    const error = await this.#settle(number, source, signature, call, own);
    return this.#failed.get(number) ?? this.#refusal(call, error);
  }

  /** Asks where the other rank is, if it was not asked yet, and has all ranks know. Gives what they are told. */
  async #settle(number: number, source: number, signature: number, call: Call, own: number): Promise<MpiError> {
    if (this.#broken === undefined && !this.#asked.has(number)) {
      this.#engine.questions.put(this.#channel, source, number, own, call.site);
      const answered = new Promise<void>((resolve) => this.#asked.set(number, resolve));
      await this.#engine.listenWhile(answered, answerMs);
      this.#asked.delete(number);
    }
    if (this.#broken !== undefined) return this.#broken.error;
    const error = this.#mismatch(this.#members.indexOf(source), signature, own, call, undefined);
    this.#break(number, error);
    this.#notify(number, error, true);
    return error;
  }

  /** Another rank waits for this one: if the two are in different collectives, neither will end. */
  async #questioned({ tag: number, source, signature, site }: Question): Promise<void> {
    const rank = this.#members.indexOf(source);
    const mine = this.#active.get(number);
    const own = mine?.signature ?? this.#recent.signatureOf(number);
    if (own === undefined || own === signature || number >= this.#next || this.#broken !== undefined) return;
    const call = mine?.call ?? this.#callOf(number);
    if (mine !== undefined) await locate(call, this.#engine.divertOf(call));
    call.site ??= this.#recent.siteOf(number);
    if (this.#broken !== undefined) return;
    const error = this.#mismatch(rank, signature, own, call, site);
    this.#break(number, error);
    this.#notify(number, error, true);
  }

  /** Whether a message comes for a collective that has ended here. It is discarded, and may show a disagreement. */
  #over(envelope: Envelope): boolean {
    const number = envelope.tag;
    if (number >= this.#next || this.#active.has(number)) return false;
    const signature = this.#recent.signatureOf(number) ?? unknown;
    const agrees = signature === unknown || envelope.signature === signature;
    // One that has not entered yet will ask for it.
    if (agrees && !this.#isOver(number)) return false;
    if (!agrees && this.#broken === undefined && !this.#asked.has(number)) {
      const verdict = this.#settle(number, envelope.source, envelope.signature, this.#callOf(number), signature);
      const gone = verdict.finally(() => this.#engine.verdicts.delete(gone));
      this.#engine.verdicts.add(gone);
      this.troubled = true;
    }
    return true;
  }

  /** `site` is where the other rank is, when it has said so. */
  #mismatch(rank: number, signature: number, own: number, call: Call, site: string | undefined): MpiError {
    const where = site === undefined ? "" : ` at ${site}`;
    const theirs = callOf(signature);
    const reducersAlone = differInReducer(signature, own);
    const is = reducersAlone
      ? `combines with ${nameOf(theirs.reducer ?? 0)}${where}, this one with ${nameOf(call.reducer ?? 0)}`
      : `is in ${describe(theirs)}${where} instead`;
    return failure(this.#who, call, "mismatch", `rank ${rank} ${is}; all ranks must call the same`);
  }

  /** No further collective works here: ends all that are under way. If there is none, the next one tells, or `close`. */
  #break(number: number, error: MpiError): void {
    if (this.#broken !== undefined) return;
    this.#broken = { number, error };
    if (this.#active.size === 0) this.#engine.untold = error;
    for (const [each, { call }] of this.#active) {
      if (!this.#failed.has(each)) this.#markFailed(each, call, each === number ? error : this.#refusal(call, error));
    }
    for (const answered of this.#asked.values()) answered();
  }

  #refusal(call: Call, error: MpiError): MpiError {
    if (this.#engine.untold === error) this.#engine.untold = undefined;
    const why = `this communicator's ranks have been in different collectives: ${error.message.replace(/^\[rank [^\]]*\] /, "")}`;
    return failure(this.#who, call, error.code, why, { cause: error });
  }

  /** A call that has ended here, or has not entered. */
  #callOf(number: number): Call {
    const signature = this.#recent.signatureOf(number);
    if (signature === undefined) return { operation: `collective ${number}` };
    return { ...callOf(signature), site: this.#recent.siteOf(number) };
  }
}

async function rejectWith(error: Promise<MpiError>): Promise<never> {
  throw await error;
}

/** So many of the last collectives of a communicator are told when a rank leaves. */
const mostTold = 8;
/** How long a rank that is not in the same collective is given to say where it is: it may compute. */
const answerMs = 300;
