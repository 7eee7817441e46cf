import { MpiError, messageOf, stackText } from "../calls/errors.ts";
import { bundle, byteLength, copy, decode, encode, type Parcel, unbundle } from "../wire/codec/codec.ts";
import { failed, type Outcome } from "./outcome.ts";

/** What a batch of results says before the parcels of its larger values. */
interface Head {
  /** One for each task, in the order in which they were handed out; null where a parcel follows. */
  values: unknown[];
  /** Positions whose values are parcels, in the order of these. */
  packed: number[];
  /** Positions of the failures among the packed: their values are what was thrown. */
  failures: number[];
  /** How long these tasks took together. */
  ms: number;
}

/**
 * Results on their way to rank 0. Each is encoded when its task ends, and what it lends is copied: the next task may use
 * the same memory again. Numbers and other primitives share one encoding: ten thousand of them cost 0.2 ms, one by one 2.
 */
export class Batch {
  readonly #values: unknown[] = [];
  readonly #packed: number[] = [];
  readonly #failures: number[] = [];
  readonly #parcels: Parcel[] = [];
  /** Bytes of the larger values. */
  bytes = 0;
  ms = 0;

  get length(): number {
    return this.#values.length;
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

  encode(): Parcel {
    const head: Head = { values: this.#values, packed: this.#packed, failures: this.#failures, ms: this.ms };
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

/** The outcomes of a batch, in the order of its tasks. */
export function openBatch(parcel: Parcel): { outcomes: Outcome[]; ms: number } {
  const [first, ...parcels] = unbundle(parcel);
  const { values, packed, failures, ms } = decode(first as Parcel) as Head;
  const outcomes = values.map((value): Outcome => ({ ok: true, value }));
  for (const [i, position] of packed.entries()) {
    outcomes[position] = { ok: true, value: decode(parcels[i] as Parcel) };
  }
  for (const position of failures) {
    const outcome = outcomes[position];
    if (outcome?.ok) outcomes[position] = failed(outcome.value);
  }
  return { outcomes, ms };
}

/** What rank 0 would have got had the task run elsewhere, so that results never depend on who worked. */
export function asIfTravelled(outcome: Outcome): Outcome {
  if (outcome.ok && isPrimitive(outcome.value)) return outcome;
  try {
    return outcome.ok ? { ok: true, value: copy(outcome.value) } : failed(decode(encodeThrown(outcome.error)));
  } catch (error) {
    return failed(cannotTravel("its result", error));
  }
}

/** The codec's complaint, as it reads behind the name of a task's input. */
export function cannotTravel(what: string, error: unknown): MpiError {
  return new MpiError("unserializable", `${what} cannot travel: ${messageOf(error)}`);
}

/** Whatever was thrown can be told, if only in words. */
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

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}
