import { MpiError } from "../calls/errors.ts";

/** Receives the results of a map as they arrive. */
export interface Sink {
  /** How many results have been taken. As many further inputs may be pulled. */
  readonly consumed: number;
  /** Results are kept until they are taken, so that also inputs that are all there may be pulled only so far ahead. */
  readonly bounded: boolean;
  put(index: number, value: unknown): void;
  /** An input has failed and is not tried again. Returns false if that fails the whole map. */
  refuse(index: number, error: Error): boolean;
  /** No more results come, because of an error or not. */
  end(reason: { error: unknown } | undefined): void;
}

/** All results, in the order of the inputs. */
export class ResultList implements Sink {
  readonly values: unknown[] = [];
  readonly bounded = false;
  readonly #settled: boolean;
  consumed = 0;

  /** With `settled`, failures are entries among the results, as in `Promise.allSettled`. */
  constructor(settled: boolean) {
    this.#settled = settled;
  }

  put(index: number, value: unknown): void {
    this.consumed += 1;
    this.values[index] = this.#settled ? fulfilled(value) : value;
  }

  refuse(index: number, reason: Error): boolean {
    this.consumed += 1;
    this.values[index] = rejected(reason);
    return this.#settled;
  }

  end(): void {}
}

function fulfilled(value: unknown): PromiseSettledResult<unknown> {
  return { status: "fulfilled", value };
}

function rejected(reason: Error): PromiseSettledResult<unknown> {
  return { status: "rejected", reason };
}

type Result = { value: unknown } | { error: Error };

/** Results for one consumer that takes them one by one, in the order of the inputs or as they arrive. */
export class ResultStream implements Sink {
  readonly bounded = true;
  readonly #ordered: boolean;
  readonly #settled: boolean;
  readonly #taken: () => void;
  readonly #early: Map<number, Result> = new Map();
  readonly #ready: Result[] = [];
  #next = 0;
  #ended: { reason: { error: unknown } | undefined } | undefined;
  #wake: (() => void) | undefined;
  consumed = 0;

  /**
   * @param settled failures are results, as in `Promise.allSettled`
   * @param taken called when the consumer has taken a result, so that another input may be pulled
   */
  constructor(ordered: boolean, settled: boolean, taken: () => void) {
    this.#ordered = ordered;
    this.#settled = settled;
    this.#taken = taken;
  }

  put(index: number, value: unknown): void {
    this.#add(index, { value: this.#settled ? fulfilled(value) : value });
  }

  /** The error is thrown in its place in the order. Results before it are still delivered. */
  refuse(index: number, error: Error): boolean {
    this.#add(index, this.#settled ? { value: rejected(error) } : { error });
    return true;
  }

  end(reason: { error: unknown } | undefined): void {
    this.#ended ??= { reason };
    this.#wake?.();
  }

  /** The next result; undefined after the last. */
  async next(): Promise<{ value: unknown } | undefined> {
    while (this.#ready.length === 0) {
      if (this.#ended !== undefined) {
        if (this.#ended.reason !== undefined) throw this.#ended.reason.error;
        return undefined;
      }
      if (this.#wake !== undefined)
        throw new MpiError("invalid-argument", "results have one consumer, and this is a second");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const result = this.#ready.shift() as Result;
    this.consumed += 1;
    this.#taken();
    if ("error" in result) throw result.error;
    return result;
  }

  #add(index: number, result: Result): void {
    if (!this.#ordered) this.#ready.push(result);
    else this.#early.set(index, result);
    for (let at = this.#early.get(this.#next); at !== undefined; at = this.#early.get(this.#next)) {
      this.#early.delete(this.#next++);
      this.#ready.push(at);
    }
    if (this.#ready.length > 0) this.#wake?.();
  }
}
