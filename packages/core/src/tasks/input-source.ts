import { invalid, show } from "../calls/check.ts";
import type { MapInputs } from "./task.ts";

/** The inputs of a map, pulled as they are needed. */
export interface InputSource {
  /** Number of inputs left, where it is known. */
  readonly remaining: number | undefined;
  /** Whether there are no more inputs. */
  readonly ended: boolean;
  /** Set when the iterator threw. Inputs that it gave before can still be taken, until `ended`. */
  readonly broken: { error: unknown } | undefined;
  /** Whether inputs are made when they are pulled. Pulling must then be bounded. */
  readonly lazy: boolean;
  /** Up to `most` of the next inputs. Fewer when the others have not arrived; `ready` is called when more have. */
  take(most: number): unknown[];
  /** Position, among all inputs, of the input that was taken after so many others; without this method, that number. */
  indexOf?(taken: number): number;
  /** So many inputs will be taken soon. Inputs that arrive one by one begin to come. */
  expect?(many: number): void;
  /** No more inputs are needed. `failed` gets what the iterator's own clean-up throws. */
  close(failed: (error: unknown) => void): void;
}

/** @throws MpiError `invalid-argument` for what cannot be iterated. */
export function sourceOf(inputs: MapInputs<unknown>, ready: () => void): InputSource {
  if (Array.isArray(inputs) || (ArrayBuffer.isView(inputs) && "length" in inputs)) {
    return new ListSource(inputs as ArrayLike<unknown>);
  }
  if (typeof inputs === "object" && inputs !== null) {
    if (Symbol.asyncIterator in inputs) return new AsyncSource(inputs[Symbol.asyncIterator](), ready);
    if (Symbol.iterator in inputs) {
      const { size } = inputs as { size?: unknown };
      return new IteratorSource(inputs[Symbol.iterator](), typeof size === "number" ? size : undefined);
    }
  }
  throw invalid(`inputs is ${show(inputs)}, but inputs are an array, an iterable, an async iterable, or a function`);
}

/** Reads all inputs. */
export async function readAll(inputs: MapInputs<unknown>): Promise<unknown[]> {
  if (Array.isArray(inputs)) return inputs;
  const all: unknown[] = [];
  for await (const input of inputs as AsyncIterable<unknown>) all.push(input);
  return all;
}

/** A list that is taken in the order of falling weights: the longest tasks first. */
export function heaviestFirst(list: readonly unknown[], weight: (input: never) => number): InputSource {
  const weights = list.map((input, i) => {
    const heavy = weight(input as never);
    if (typeof heavy === "number" && !Number.isNaN(heavy)) return heavy;
    throw invalid(`weight gave ${show(heavy)} for input ${i}, but a weight is a number`);
  });
  const order = Array.from(list, (_, i) => i).sort((a, b) => (weights[b] as number) - (weights[a] as number));
  const source: InputSource = new ListSource(order.map((i) => list[i]));
  source.indexOf = (taken) => order[taken] as number;
  return source;
}

/** An array or a typed array. */
class ListSource implements InputSource {
  readonly broken: undefined;
  readonly lazy = false;
  readonly #list: ArrayLike<unknown>;
  #next = 0;

  constructor(list: ArrayLike<unknown>) {
    this.#list = list;
  }

  get remaining(): number {
    return this.#list.length - this.#next;
  }

  get ended(): boolean {
    return this.#next >= this.#list.length;
  }

  take(most: number): unknown[] {
    const from = this.#next;
    this.#next = Math.min(from + most, this.#list.length);
    return Array.prototype.slice.call(this.#list, from, this.#next);
  }

  close(): void {
    this.#next = this.#list.length;
  }
}

class IteratorSource implements InputSource {
  readonly lazy = true;
  readonly #iterator: Iterator<unknown>;
  remaining: number | undefined;
  ended = false;
  broken: { error: unknown } | undefined;

  constructor(iterator: Iterator<unknown>, size: number | undefined) {
    this.#iterator = iterator;
    this.remaining = size;
  }

  take(most: number): unknown[] {
    const taken: unknown[] = [];
    try {
      while (taken.length < most && !this.ended) {
        const next = this.#iterator.next();
        if (next.done === true) this.ended = true;
        else taken.push(next.value);
      }
    } catch (error) {
      this.ended = true;
      this.broken = { error };
    }
    if (this.remaining !== undefined) this.remaining = Math.max(0, this.remaining - taken.length);
    return taken;
  }

  close(failed: (error: unknown) => void): void {
    if (this.ended) return;
    this.ended = true;
    try {
      this.#iterator.return?.();
    } catch (error) {
      failed(error);
    }
  }
}

/** Pulls missing inputs in the background, one after the other. */
class AsyncSource implements InputSource {
  readonly lazy = true;
  readonly remaining: undefined;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #ready: () => void;
  readonly #there: unknown[] = [];
  #wanted = 0;
  #pulling = false;
  #over = false;
  broken: { error: unknown } | undefined;

  constructor(iterator: AsyncIterator<unknown>, ready: () => void) {
    this.#iterator = iterator;
    this.#ready = ready;
  }

  get ended(): boolean {
    return this.#over && this.#there.length === 0;
  }

  take(most: number): unknown[] {
    const taken = this.#there.splice(0, most);
    this.expect(most - taken.length);
    return taken;
  }

  expect(many: number): void {
    this.#wanted = many;
    if (this.#there.length < many && !this.#pulling && !this.#over) void this.#pull();
  }

  close(failed: (error: unknown) => void): void {
    this.#there.length = 0;
    if (this.#over) return;
    this.#over = true;
    // Not awaited: a generator that is making its next input ends only after that.
    void this.#end().catch(failed);
  }

  async #end(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      while (this.#there.length < this.#wanted && !this.#over) {
        const next = await this.#iterator.next();
        if (this.#over) return;
        if (next.done === true) this.#over = true;
        else this.#there.push(next.value);
        this.#ready();
      }
    } catch (error) {
      if (this.#over) return;
      this.#over = true;
      this.broken = { error };
      this.#ready();
    } finally {
      this.#pulling = false;
    }
  }
}
