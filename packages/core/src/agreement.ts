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
}

/**
 * Sees to it that the ranks of a communicator agree about its collectives: numbers them in the order they are issued, has
 * one that fails here fail on all ranks, and finds out when ranks are in different ones.
 */
export class Agreement {
  readonly #engine: Engine;
  readonly #channel: Channel;
  readonly #who: Identity;
  /** Rank in the world of each rank here. */
  readonly #members: readonly number[];
  readonly #active: Map<number, Active> = new Map();
  /** Why a collective failed here, by its number: whatever of it is still to come is refused or dropped. */
  readonly #failed: Map<number, MpiError> = new Map();
  readonly #recent: RecentCalls = new RecentCalls();
  /** Collectives that this rank has asked another one about, and what ends the waiting for its answer. */
  readonly #asked: Map<number, () => void> = new Map();
  /** Collectives that had ended here and are about to turn out to have failed. */
  readonly #verdicts: Set<Promise<void>> = new Set();
  /** A failure of a collective that this rank had completed already: the next one reports it. */
  #late: MpiError | undefined;
  #next = 0;
  /** Something has failed, or is known that may: what every collective looks at first. */
  troubled: boolean;

  constructor(engine: Engine, channel: Channel, members: readonly number[]) {
    this.#engine = engine;
    this.#channel = channel;
    this.#who = engine.who;
    this.#members = members;
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

  /** Whether no collective is under way here. */
  get idle(): boolean {
    return this.#active.size === 0;
  }

  // One that may have to wait: it enters, and leaves whatever became of it

  enter(number: number, call: Call, signature: number): void {
    this.#active.set(number, { call, signature });
  }

  /** Its signal has aborted. */
  cancel(number: number, call: Call, reason: unknown): void {
    this.#notify(number, this.#fail(number, call, "aborted", `cancelled: ${messageOf(reason)}`, { cause: reason }));
  }

  /** When it has ended here but for this: what has to be waited for, where ranks may have been in different ones. */
  doubt(number: number, call: Call, own: number): Promise<unknown> | undefined {
    const stray = this.#engine.receives.dismiss(this.#channel, number);
    if (stray !== undefined) return rejectWith(this.disagreement(number, stray, call, own));
    return this.#verdicts.size > 0 ? Promise.all(this.#verdicts) : undefined;
  }

  /** This was thrown in it. What it fails with, on all ranks. */
  failed(number: number, call: Call, thrown: unknown): MpiError {
    const noticed = this.#failed.get(number);
    if (noticed !== undefined) return noticed;
    const error = this.#own(thrown, call);
    this.#failed.set(number, error);
    this.#engine.reject(call, error); // what else it waits for here would keep the process alive
    if (!this.#engine.stopped) this.#notify(number, error); // else the others are told by whoever stops the job
    return error;
  }

  leave(number: number): void {
    this.#active.delete(number);
    this.#channel.failures.delete(number);
    this.#channel.questions.delete(number);
    if (this.#failed.has(number)) this.#engine.receives.dismiss(this.#channel, number);
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

  /** Runs on behalf of who waits for the message: from its second turn on the user's line is on the stack. */
  async refuse(number: number, stray: Envelope, call: Call, own: number): Promise<never> {
    await null;
    await null;
    return rejectWith(this.disagreement(number, stray, call, own));
  }

  /**
   * A message is of another collective than this rank is in, or was: what both ranks fail with. The other one is asked,
   * for it alone knows where it is: it tells everybody, with both places, unless it computes. The caller is what the
   * user waits for.
   */
  async disagreement(
    number: number,
    { source, signature }: Pick<Envelope, "source" | "signature">,
    call: Call,
    own: number,
  ): Promise<MpiError> {
    call.site ??= siteHere() ?? this.#recent.siteOf(number);
    if (!this.#failed.has(number) && !this.#asked.has(number)) {
      this.#engine.questions.put(this.#channel, source, number, own, call.site);
      const answered = new Promise<void>((resolve) => this.#asked.set(number, resolve));
      await this.#engine.listenWhile(answered, answerMs);
      this.#asked.delete(number);
    }
    return this.#failed.get(number) ?? this.#mismatch(this.#members.indexOf(source), signature, own, call, undefined);
  }

  /** Whether a message comes for a collective that has ended here. It is discarded; if that one ended well, it is told. */
  #over(envelope: Envelope): boolean {
    const number = envelope.tag;
    if (number >= this.#next || this.#active.has(number)) return false;
    if (!this.#failed.has(number) && !this.#asked.has(number)) {
      const verdict = this.#tooLate(number, envelope).finally(() => this.#verdicts.delete(verdict));
      this.#verdicts.add(verdict);
      this.troubled = true;
    }
    return true;
  }

  async #tooLate(number: number, envelope: Envelope): Promise<void> {
    const signature = this.#recent.signatureOf(number) ?? unknown;
    const error = await this.disagreement(number, envelope, this.#ended(number), signature);
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

  /** It has failed elsewhere before this rank came to it, or an earlier one has that this rank had ended. */
  refuseIfFailed(number: number, call: Call): void {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw this.#following(late, call);
    const notice = this.#channel.failures.get(number);
    if (notice !== undefined) this.#noticed(number, notice);
    const question = this.#channel.questions.get(number);
    if (question !== undefined) void this.#questioned(question);
    this.throwIfFailed(number);
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
    this.#failedLate(number, failure(this.#who, this.#ended(number), code, why, { rank, host, cause }));
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
    return failure(this.#who, call, late.code, why, { cause: late });
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
    const error = failure(this.#who, call, code, why, details);
    this.#markFailed(number, error);
    this.#engine.reject(call, error);
    return error;
  }

  #notify(number: number, error: MpiError): void {
    const { rank, host } = this.#who;
    const notice: Notice = { code: error.code, message: error.message, rank, host, cause: undefined };
    let parcel: Parcel;
    try {
      parcel = encode({ ...notice, cause: error.cause });
    } catch {
      parcel = encode(notice);
    }
    for (const member of this.#members) this.#engine.questions.notify(this.#channel, member, number, parcel);
  }

  /** What was thrown, as an error that says who and which call. A user function's own error becomes the cause. */
  #own(thrown: unknown, call: Call): MpiError {
    if (thrown instanceof MpiError) {
      if (thrown.rank !== undefined) return thrown;
      if (thrown.code === "mismatch") call.site ??= siteHere();
      return failure(this.#who, call, thrown.code, thrown.message, { cause: thrown.cause });
    }
    return failure(this.#who, call, "aborted", messageOf(thrown), { cause: thrown });
  }
}

async function rejectWith(error: Promise<MpiError>): Promise<never> {
  throw await error;
}

/** How long a rank that is not in the same collective is given to say where it is: it may compute. */
const answerMs = 300;
