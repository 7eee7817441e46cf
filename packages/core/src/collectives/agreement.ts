import { type Call, failure } from "../calls/call.ts";
import { siteHere } from "../calls/call-site.ts";
import { MpiError, type MpiErrorCode, messageOf } from "../calls/errors.ts";
import type { Channel } from "../engine/channel.ts";
import type { Engine } from "../engine/engine.ts";
import { decode, encode, type Parcel } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Joined } from "../wire/unjoined.ts";
import { CallRecord } from "./call-record.ts";
import { Disagreement } from "./disagreement.ts";

/** What a failure notice carries: the error of the rank that failed first. */
interface Notice {
  code: MpiErrorCode;
  message: string;
  /** The rank where it failed. */
  on: number;
  /** The rank that the error is about: a lost one, or the same. */
  rank: number | undefined;
  host: string | undefined;
  cause: unknown;
  /** The ranks were in different collectives: no further collective of this communicator can work. */
  lasting: boolean;
}

/**
 * Keeps the ranks of a communicator in agreement about its collectives, and numbers them in the order of their calls.
 *
 * | what happens | consequence |
 * | --- | --- |
 * | a collective fails on one rank | it rejects on all ranks that have not finished it; the next one works |
 * | ranks are in different collectives | all reject, as does every later collective of this communicator |
 *
 * A rank that has its result already keeps it, because the result is complete. The second kind cannot be repaired: a rank may
 * have finished the collective with a wrong value long ago.
 *
 * One class, because each of its parts reads and changes the set of failed collectives.
 */
export class Agreement {
  readonly #engine: Engine;
  readonly #channel: Channel;
  /** Rank in the world of each rank here. */
  readonly #members: readonly number[];
  readonly #record: CallRecord;
  readonly #disagreement: Disagreement;
  /** Why a collective that is under way failed, by its number. */
  readonly #failed: Map<number, MpiError> = new Map();
  /** The error of every call, once these collectives have been revoked. */
  #ended: ((call: Call) => MpiError) | undefined;
  /** Something has failed or may have. The one flag that every collective checks first. */
  troubled: boolean;

  constructor(engine: Engine, channel: Channel, members: readonly number[]) {
    this.#engine = engine;
    this.#channel = channel;
    this.#members = members;
    this.#record = new CallRecord(engine.checking !== undefined);
    this.#disagreement = new Disagreement(engine, channel, members, this.#record, (number, error) => {
      this.#break(number, error);
      this.#notify(number, error, true);
    });
    channel.over = (envelope) => this.#over(envelope);
    channel.signatureOf = (number) => this.#record.active.get(number)?.signature;
    channel.onQuestion = (question) => {
      this.troubled = true;
      void this.#disagreement.questioned(question);
    };
    channel.onFailure = (number, parcel) => {
      this.troubled = true;
      this.#noticed(number, parcel);
    };
    this.troubled = this.#hasTrouble();
  }

  /** See {@link CallRecord.number}. */
  number(signature: number, above: (...args: never[]) => unknown): number {
    return this.#record.number(signature, above);
  }

  /** A collective has succeeded without waiting, and has never entered. */
  endedAtOnce(number: number): void {
    this.#record.endedAtOnce(number);
  }

  /** Whether no collective is under way here. */
  get idle(): boolean {
    return this.#record.active.size === 0;
  }

  get ledger(): Pick<Joined, "failed" | "count" | "last"> {
    return this.#record.ledger;
  }

  // A collective that may have to wait enters, and leaves when it has ended or failed

  enter(number: number, call: Call, signature: number): void {
    this.#record.enter(number, call, signature);
  }

  /** The call's signal has aborted. */
  cancel(number: number, call: Call, reason: unknown): void {
    call.site ??= this.#record.siteOf(number);
    const why = `cancelled: ${messageOf(reason)}`;
    const error = failure(this.#engine.who, call, "aborted", why, { cause: reason });
    this.#markFailed(number, call, error);
    this.#notify(number, error, false);
  }

  /** The last check of a call: what it must still wait for, because ranks may have been in different collectives. */
  doubt(number: number, call: Call, own: number): Promise<unknown> | undefined {
    const stray = this.#engine.receives.dismiss(this.#channel, number).find(({ signature }) => signature !== own);
    if (stray !== undefined) return rejectWith(this.disagreement(number, stray, call, own));
    return this.#engine.verdicts.size > 0 ? Promise.all(this.#engine.verdicts) : undefined;
  }

  /** A call has thrown. Returns the error that it fails with, also on the ranks that still need something of this one. */
  failed(number: number, call: Call, thrown: unknown): MpiError {
    const noticed = this.#failed.get(number);
    if (noticed !== undefined) return noticed;
    const error = this.#own(number, thrown, call);
    this.#markFailed(number, call, error);
    if (!this.#engine.stopped) this.#notify(number, error, false); // else the launcher tells all ranks
    return error;
  }

  leave(number: number): void {
    this.#record.ended(number);
    if (this.#failed.delete(number)) {
      this.#record.failed(number);
      this.#engine.receives.dismiss(this.#channel, number); // messages for a call that was refused from the start
    }
    for (const known of [this.#channel.failures, this.#channel.questions]) {
      for (const each of known.keys()) if (this.#record.isOver(each)) known.delete(each);
    }
    this.troubled = this.#hasTrouble();
  }

  /** Why the collective has failed here, if it has. */
  errorOf(number: number): MpiError | undefined {
    return this.#failed.get(number);
  }

  throwIfFailed(number: number): void {
    const error = this.#failed.get(number);
    if (error !== undefined) throw error;
  }

  /** Throws if the collective has failed elsewhere before this rank called it, or if no collective works any more. */
  refuseIfFailed(number: number, call: Call): void {
    const { error } = this.#disagreement;
    if (error !== undefined) this.#failed.set(number, this.#refusal(call, error));
    if (this.#ended !== undefined) this.#failed.set(number, this.#ended(call));
    const notice = this.#channel.failures.get(number);
    if (notice !== undefined) this.#noticed(number, notice);
    const question = this.#channel.questions.get(number);
    if (question !== undefined) void this.#disagreement.questioned(question);
    this.throwIfFailed(number);
  }

  /** Whether something has failed here or may have. */
  #hasTrouble(): boolean {
    return (
      this.#failed.size > 0 ||
      this.#disagreement.error !== undefined ||
      this.#ended !== undefined ||
      this.#engine.verdicts.size > 0 ||
      this.#channel.failures.size > 0 ||
      this.#channel.questions.size > 0
    );
  }

  /** Rejects all that are under way and all further ones. Tells no other rank. */
  end(errorOf: (call: Call) => MpiError): void {
    this.#ended = errorOf;
    this.troubled = true;
    for (const [number, { call }] of this.#record.active)
      if (!this.#failed.has(number)) this.#markFailed(number, call, errorOf(call));
  }

  // Failures

  /** Another rank reports that collective `number` has failed there. */
  #noticed(number: number, parcel: Parcel): void {
    const { code, message, on, rank, host, cause, lasting } = decode(parcel) as Notice;
    const mine = this.#record.active.get(number)?.call;
    if (!lasting && (mine === undefined || this.#failed.has(number))) return;
    const call = this.#record.callOf(number);
    const error = failure(this.#engine.who, call, code, `failed on rank ${on}: ${message}`, { rank, host, cause });
    if (lasting) this.#break(number, error);
    else this.#markFailed(number, call, error);
  }

  /** Marks a collective that is under way as failed and rejects its pending calls. */
  #markFailed(number: number, call: Call, error: MpiError): void {
    this.#failed.set(number, error);
    this.#engine.reject(call, error);
    this.#engine.receives.dismiss(this.#channel, number); // the other ranks may wait until it has been received
  }

  #notify(number: number, error: MpiError, lasting: boolean): void {
    const { code, message, rank, host } = error;
    const notice: Notice = { code, message, on: this.#engine.who.rank, rank, host, cause: undefined, lasting };
    let parcel: Parcel;
    try {
      parcel = encode({ ...notice, cause: error.cause });
    } catch {
      parcel = encode(notice);
    }
    for (const member of this.#members) {
      try {
        this.#engine.notices.notify(this.#channel, member, number, parcel);
      } catch {
        // Memory for a first message to this member may be what is missing. `error` says so; this one must not replace it.
      }
    }
  }

  /** The thrown error with rank and call. An error of a user's function becomes the cause. */
  #own(number: number, thrown: unknown, call: Call): MpiError {
    if (thrown instanceof MpiError && thrown.rank !== undefined) return thrown;
    call.site ??= this.#record.siteOf(number) ?? siteHere();
    const { who } = this.#engine;
    if (thrown instanceof MpiError) return failure(who, call, thrown.code, thrown.message, { cause: thrown.cause });
    return failure(who, call, "aborted", messageOf(thrown), { cause: thrown });
  }

  // Ranks in different collectives

  /** Runs for the call that waits for the message. Two turns later the user's line is on the stack. */
  async refuse(number: number, stray: Envelope, call: Call, own: number): Promise<never> {
    await null;
    await null;
    return rejectWith(this.disagreement(number, stray, call, own));
  }

  /** The error of a call that received a message of another collective: see {@link Disagreement.over}. */
  async disagreement(
    number: number,
    stray: Pick<Envelope, "source" | "signature">,
    call: Call,
    own: number,
  ): Promise<MpiError> {
    const error = await this.#disagreement.over(number, stray, call, own);
    return this.#failed.get(number) ?? this.#refusal(call, error);
  }

  /** Whether a message is for a collective that has ended here. It is then discarded, and may show a disagreement. */
  #over(envelope: Envelope): boolean {
    const { tag: number, signature } = envelope;
    const record = this.#record;
    if (!record.hasBegun(number)) return false;
    // A failed collective receives nothing more, but the sender may wait for an acknowledgement.
    if (record.active.has(number)) return this.#failed.has(number);
    const own = record.signatureOf(number);
    const agrees = own === undefined || signature === own;
    // A collective that has not entered yet will still receive it.
    if (agrees && !record.isOver(number)) return false;
    if (!agrees && this.#disagreement.error === undefined && !this.#disagreement.isAsking(number)) {
      const verdict = this.#disagreement.over(number, envelope, record.callOf(number), own);
      const gone = verdict.finally(() => this.#engine.verdicts.delete(gone));
      this.#engine.verdicts.add(gone);
      this.troubled = true;
    }
    return true;
  }

  /** No further collective works here. Ends all that are under way; if there is none, the next one or `close` reports the error. */
  #break(number: number, error: MpiError): void {
    if (this.#disagreement.error !== undefined) return;
    const { active } = this.#record;
    if (active.size === 0) this.#engine.untold = error;
    for (const [each, { call }] of active) {
      if (!this.#failed.has(each)) this.#markFailed(each, call, each === number ? error : this.#refusal(call, error));
    }
    this.#disagreement.settle(error);
  }

  #refusal(call: Call, error: MpiError): MpiError {
    if (this.#engine.untold === error) this.#engine.untold = undefined;
    const what = error.message.replace(/^\[rank [^\]]*\] /, "");
    const why = `this communicator's ranks have been in different collectives: ${what}`;
    return failure(this.#engine.who, call, error.code, why, { cause: error });
  }
}

async function rejectWith(error: Promise<MpiError>): Promise<never> {
  throw await error;
}
