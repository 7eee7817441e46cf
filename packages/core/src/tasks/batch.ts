import { MpiError, messageOf, stackText } from "../calls/errors.ts";
import { bundle, byteLength, copy, decode, encode, type Parcel, unbundle } from "../wire/codec/codec.ts";
import { failed, isPrimitive, type Outcome } from "./outcome.ts";

/** Tasks of an offer that one rank has claimed. */
interface Claims {
  offer: number;
  tasks: number[];
}

/** First parcel of a batch of results. The parcels of its larger values follow. */
interface Head {
  /** One value for each task, in the order of handing out; null where a parcel follows. */
  values: unknown[];
  /** Positions of the values that are parcels, in the order of the parcels. */
  packed: number[];
  /** Positions of failed tasks, a subset of `packed`. Their values are what was thrown. */
  failures: number[];
  /** Time of all these tasks together. */
  ms: number;
  /** The part of this time in which tasks awaited something, so that the worker handled messages. */
  awaitedMs: number;
  /** The tasks of an offer to which these values belong; else they belong to the next tasks that the worker was given. */
  claimed?: Claims;
  /** Offers of which the worker claims nothing more, because nothing is left. */
  ended?: number[];
  /** How many tasks the worker gives back, where rank 0 has asked for that: the last ones of its list. */
  returned?: number;
}

/**
 * Results to be sent to rank 0. Each is encoded when its task ends. Memory that the encoding lends is copied, because the next
 * task may use it again. All primitives share one encoding: ten thousand cost 0.2 ms, and one by one they would cost 2 ms.
 */
export class Batch {
  readonly #values: unknown[] = [];
  readonly #packed: number[] = [];
  readonly #failures: number[] = [];
  readonly #parcels: Parcel[] = [];
  /** Bytes of the larger values. */
  bytes = 0;
  ms = 0;
  awaitedMs = 0;
  /** See {@link Head}. */
  claimed: Claims | undefined;
  readonly ended: number[] = [];
  returned: number | undefined;

  /** Whether there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#values.length === 0 && this.ended.length === 0 && this.returned === undefined;
  }

  add(outcome: Outcome): void {
    if (!outcome.ok) {
      this.#fail(outcome.error);
    } else if (isPrimitive(outcome.value)) {
      this.#values.push(outcome.value);
    } else {
      try {
        this.#pack(encode(outcome.value));
      } catch (error) {
        this.#fail(cannotTravel("its result", error));
      }
    }
  }

  /** Results that are primitives. */
  addAll(values: readonly unknown[]): void {
    for (const value of values) this.#values.push(value);
  }

  encode(): Parcel {
    const { ms, awaitedMs } = this;
    const head: Head = { values: this.#values, packed: this.#packed, failures: this.#failures, ms, awaitedMs };
    if (this.claimed !== undefined) head.claimed = this.claimed;
    if (this.ended.length > 0) head.ended = this.ended;
    if (this.returned !== undefined) head.returned = this.returned;
    return bundle([encode(head), ...this.#parcels]);
  }

  #fail(thrown: unknown): void {
    this.#failures.push(this.#values.length);
    this.#pack(encodeThrown(thrown));
  }

  #pack({ head, attachments }: Parcel): void {
    const own = { head, attachments: attachments.map((part) => new Uint8Array(part)) };
    this.#packed.push(this.#values.length);
    this.#values.push(null);
    this.#parcels.push(own);
    this.bytes += byteLength(own);
  }
}

/** A batch as rank 0 sees it; see {@link Head}. */
export interface Answer {
  readonly values: readonly unknown[];
  /** Positions of failed tasks. Their values are what was thrown. */
  readonly failures: ReadonlySet<number>;
  readonly ms: number;
  readonly awaitedMs: number;
  /** See {@link Head}. */
  readonly claimed: Claims | undefined;
  readonly ended: readonly number[];
  readonly returned: number | undefined;
}

/** The results of a batch, in the order of its tasks. */
export function openBatch(parcel: Parcel): Answer {
  const [first, ...parcels] = unbundle(parcel);
  const { values, packed, failures, ms, awaitedMs, claimed, ended = [], returned } = decode(first as Parcel) as Head;
  for (const [i, position] of packed.entries()) values[position] = decode(parcels[i] as Parcel);
  return { values, failures: new Set(failures), ms, awaitedMs, claimed, ended, returned };
}

/** The outcome as it would be after travelling, so that results do not depend on the rank that did the task. */
export function asIfTravelled(outcome: Outcome): Outcome {
  if (outcome.ok && isPrimitive(outcome.value)) return outcome;
  try {
    return outcome.ok ? { ok: true, value: copy(outcome.value) } : failed(decode(encodeThrown(outcome.error)));
  } catch (error) {
    return failed(cannotTravel("its result", error));
  }
}

/** The codec's error, worded to follow the name of a task's input. */
export function cannotTravel(what: string, error: unknown): MpiError {
  return new MpiError("unserializable", `${what} cannot travel: ${messageOf(error)}`);
}

/** Encodes what was thrown; if it cannot travel, an Error with its message. */
function encodeThrown(thrown: unknown): Parcel {
  try {
    return encode(thrown);
  } catch {
    const told = new Error(messageOf(thrown));
    if (thrown instanceof Error) {
      told.name = thrown.name;
      told.stack = stackText(thrown);
    }
    return encode(told);
  }
}
