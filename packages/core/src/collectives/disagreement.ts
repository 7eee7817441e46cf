import { type Call, describe, failure } from "../calls/call.ts";
import { locate, siteHere } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import type { Channel, Question } from "../engine/channel.ts";
import type { Engine } from "../engine/engine.ts";
import { nameOf } from "../ops/op.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { CallRecord } from "./call-record.ts";
import { callOf, differInReducer } from "./signature.ts";

/** Finds out when ranks of a communicator are in different collectives, and the source position of each. */
export class Disagreement {
  readonly #engine: Engine;
  readonly #channel: Channel;
  /** Rank in the world of each rank here. */
  readonly #members: readonly number[];
  readonly #record: CallRecord;
  readonly #found: (number: number, error: MpiError) => void;
  /** Collectives that this rank has asked another rank about; calling the value ends the wait for the answer. */
  readonly #asked: Map<number, () => void> = new Map();
  /** The error of the rank that noticed first. */
  error: MpiError | undefined;

  /** @param found called once, on the rank that finds out first */
  constructor(
    engine: Engine,
    channel: Channel,
    members: readonly number[],
    record: CallRecord,
    found: (number: number, error: MpiError) => void,
  ) {
    this.#engine = engine;
    this.#channel = channel;
    this.#members = members;
    this.#record = record;
    this.#found = found;
  }

  /** The disagreement is known: ends all waits for answers. */
  settle(error: MpiError): void {
    this.error = error;
    for (const answered of this.#asked.values()) answered();
  }

  /**
   * A message belongs to another collective than this rank's. Asks the sender, because only the sender knows its source position.
   * The sender reports to all ranks with both positions, unless it is computing. Returns the reported error.
   */
  async over(
    number: number,
    { source, signature }: Pick<Envelope, "source" | "signature">,
    call: Call,
    own: number,
  ): Promise<MpiError> {
    call.site ??= siteHere() ?? this.#record.siteOf(number);
    if (this.error === undefined && !this.#asked.has(number)) {
      this.#engine.notices.put(this.#channel, source, number, own, call.site);
      const answered = new Promise<void>((resolve) => this.#asked.set(number, resolve));
      await this.#engine.listenWhile(answered, answerMs);
      this.#asked.delete(number);
    }
    if (this.error !== undefined) return this.error;
    const error = this.#mismatch(this.#members.indexOf(source), signature, own, call, undefined);
    this.#found(number, error);
    return error;
  }

  /** Whether this rank waits for an answer about this collective. */
  isAsking(number: number): boolean {
    return this.#asked.has(number);
  }

  /** Another rank asks about a collective. If the two ranks are in different ones, neither will end. */
  async questioned({ tag: number, source, signature, site }: Question): Promise<void> {
    const record = this.#record;
    const own = record.signatureOf(number);
    if (own === undefined || own === signature || !record.hasBegun(number) || this.error !== undefined) return;
    const call = record.callOf(number);
    if (record.active.has(number)) await locate(call, this.#engine.divertOf(call));
    if (this.error !== undefined) return;
    this.#found(number, this.#mismatch(this.#members.indexOf(source), signature, own, call, site));
  }

  /** @param site source position of the other rank, if known */
  #mismatch(rank: number, signature: number, own: number, call: Call, site: string | undefined): MpiError {
    const where = site === undefined ? "" : ` at ${site}`;
    const theirs = callOf(signature);
    const reducersAlone = differInReducer(signature, own);
    const is = reducersAlone
      ? `combines with ${nameOf(theirs.reducer ?? 0)}${where}, this one with ${nameOf(call.reducer ?? 0)}`
      : `is in ${describe(theirs)}${where} instead`;
    return failure(this.#engine.who, call, "mismatch", `rank ${rank} ${is}; all ranks must call the same`);
  }
}

/** How long to wait for an answer: a rank that computes cannot answer. */
const answerMs = 300;
