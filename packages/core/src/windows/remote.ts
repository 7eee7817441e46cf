import { type Call, failure, type Identity } from "../calls/call.ts";
import { located } from "../calls/call-site.ts";
import type { MpiError } from "../calls/errors.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { type Accesses, answerStatus, type Waiter } from "../engine/accesses.ts";
import type { Packet } from "../wire/packet.ts";
import type { Held } from "./lock-table.ts";
import { encodeRequest, type Request, what } from "./request.ts";
import type { Span } from "./span.ts";

/** Bytes of data in one request: large enough for the cost of a packet, small enough for several to be under way. */
const pieceBytes = 1024 * 1024;

/** Where a get puts its values, and where a put takes them from: dense, of the window's kind. */
type Values = TypedArray;

/** Puts and accumulates whose answers are still to come, to one rank. */
class Unanswered {
  count = 0;
  /** Why one of them was not done; the next flush reports it. */
  error: Error | undefined;
  readonly waiting: Set<() => void> = new Set();

  begin(): void {
    this.count++;
  }

  end(): void {
    if (--this.count > 0) return;
    for (const go of this.waiting) go();
    this.waiting.clear();
  }
}

/** The origin's side of a window: asks the engines of ranks on other hosts. */
export class Remote {
  readonly #accesses: Accesses;
  readonly #who: Identity;
  readonly #context: number;
  readonly #unanswered: Map<number, Unanswered> = new Map();

  constructor(accesses: Accesses, who: Identity, context: number) {
    this.#accesses = accesses;
    this.#who = who;
    this.#context = context;
  }

  /** Reads the span into `values`. */
  get(call: Call, dest: number, span: Span, values: Values, signal?: AbortSignal): Promise<unknown> {
    return this.#fetch(call, dest, span, values, signal, (from, until) => ({
      request: { what: what.get, op: 0, span, from, until },
      data: undefined,
    }));
  }

  /** Like {@link send}, and the old values replace `values`. */
  fetch(call: Call, dest: number, op: number, span: Span, values: Values, signal?: AbortSignal): Promise<unknown> {
    return this.#fetch(call, dest, span, values, signal, (from, until) => ({
      request: { what: what.getAccumulate, op, span, from, until },
      data: bytesOf(values, from, until),
    }));
  }

  /** Puts (`op` 0) or accumulates values. Resolves when they have left, so that they may change. */
  send(call: Call, dest: number, op: number, span: Span, values: Values, signal?: AbortSignal): Promise<unknown> {
    const unanswered = this.#unansweredOf(dest);
    const waiter = this.#accesses.wait(call, dest, signal);
    let unsent = 0;
    const failed = (error: Error): void => {
      unanswered.error ??= error;
      unanswered.end();
      this.#accesses.reject(waiter, error);
    };
    const pieces = piecesOf(span.count, values.BYTES_PER_ELEMENT);
    unsent = pieces.length;
    for (const [from, until] of pieces) {
      unanswered.begin();
      const request: Request = { what: op === 0 ? what.put : what.accumulate, op, span, from, until };
      this.#accesses.ask(this.#context, dest, {
        call,
        bytes: (until - from) * values.BYTES_PER_ELEMENT,
        make: () => ({ head: encodeRequest(request), attachments: [bytesOf(values, from, until)] }),
        sent: () => {
          if (--unsent === 0) this.#accesses.settle(waiter, undefined);
        },
        answered: (body) => {
          unanswered.error ??= this.#problemOf(call, dest, body);
          unanswered.end();
        },
        failed,
      });
    }
    if (pieces.length === 0) this.#accesses.settle(waiter, undefined);
    return waiter.promise;
  }

  async compareAndSwap(call: Call, dest: number, span: Span, two: Values, signal?: AbortSignal): Promise<void> {
    const request: Request = { what: what.compareAndSwap, op: 0, span, from: 0, until: 1 };
    const body = await this.#ask(call, dest, request, bytesOf(two, 0, 2), signal);
    bytesOf(two, 0, 1).set(body);
  }

  async lock(call: Call, dest: number, shared: boolean, signal?: AbortSignal): Promise<Held> {
    const waiter = this.#accesses.wait(call, dest, signal);
    const request: Request = { what: what.lock, op: shared ? 1 : 0, span: nowhere, from: 0, until: 0 };
    this.#accesses.ask(this.#context, dest, {
      call,
      bytes: 0,
      make: () => ({ head: encodeRequest(request), attachments: [] }),
      answered: (body) => {
        const problem = this.#problemOf(call, dest, body);
        if (problem !== undefined) this.#accesses.reject(waiter, problem);
        else if (waiter.over)
          void this.unlock(call, dest, shared); // cancelled meanwhile
        else this.#accesses.settle(waiter, { abandoned: body.head[1] === 1 });
      },
      failed: (error) => this.#accesses.reject(waiter, error),
    });
    return waiter.promise as Promise<Held>;
  }

  async unlock(call: Call, dest: number, shared: boolean): Promise<void> {
    const request: Request = { what: what.unlock, op: shared ? 1 : 0, span: nowhere, from: 0, until: 0 };
    await this.#ask(call, dest, request, undefined);
  }

  /** Resolves when all puts and accumulates to that rank are done there. */
  async flush(call: Call, dest: number, signal?: AbortSignal): Promise<void> {
    const unanswered = this.#unanswered.get(dest);
    if (unanswered === undefined) return;
    if (unanswered.count > 0) {
      const waiter = this.#accesses.wait(call, dest, signal);
      const go = (): void => this.#accesses.settle(waiter, undefined);
      unanswered.waiting.add(go);
      try {
        await waiter.promise;
      } finally {
        unanswered.waiting.delete(go);
      }
    }
    const { error } = unanswered;
    unanswered.error = undefined;
    if (error !== undefined) throw error;
  }

  /** The ranks that puts and accumulates were sent to. */
  get targets(): number[] {
    return [...this.#unanswered.keys()];
  }

  tellLetGo(dest: number): void {
    const request: Request = { what: what.letGo, op: 0, span: nowhere, from: 0, until: 0 };
    this.#accesses.tell(this.#context, dest, { head: encodeRequest(request), attachments: [] });
  }

  #unansweredOf(dest: number): Unanswered {
    let unanswered = this.#unanswered.get(dest);
    if (unanswered === undefined) {
      unanswered = new Unanswered();
      this.#unanswered.set(dest, unanswered);
    }
    return unanswered;
  }

  /** Sends the requests of all pieces. Their answers fill `values`. */
  #fetch(
    call: Call,
    dest: number,
    span: Span,
    values: Values,
    signal: AbortSignal | undefined,
    make: (from: number, until: number) => { request: Request; data: Uint8Array | undefined },
  ): Promise<unknown> {
    const waiter = this.#accesses.wait(call, dest, signal);
    const pieces = piecesOf(span.count, values.BYTES_PER_ELEMENT);
    let missing = pieces.length;
    if (missing === 0) this.#accesses.settle(waiter, undefined);
    for (const [from, until] of pieces) {
      this.#accesses.ask(this.#context, dest, {
        call,
        bytes: (until - from) * values.BYTES_PER_ELEMENT,
        make: () => {
          const { request, data } = make(from, until);
          return { head: encodeRequest(request), attachments: data === undefined ? [] : [data] };
        },
        answered: (body) => {
          const into = this.#answer(waiter, call, dest, body);
          if (into === undefined) return;
          bytesOf(values, from, until).set(into);
          if (--missing === 0) this.#accesses.settle(waiter, undefined);
        },
        failed: (error) => this.#accesses.reject(waiter, error),
      });
    }
    return waiter.promise;
  }

  async #ask(
    call: Call,
    dest: number,
    request: Request,
    data: Uint8Array | undefined,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const waiter = this.#accesses.wait(call, dest, signal);
    this.#accesses.ask(this.#context, dest, {
      call,
      bytes: data?.byteLength ?? 0,
      make: () => ({ head: encodeRequest(request), attachments: data === undefined ? [] : [data] }),
      answered: (body) => {
        const answer = this.#answer(waiter, call, dest, body);
        if (answer !== undefined) this.#accesses.settle(waiter, answer.slice());
      },
      failed: (error) => this.#accesses.reject(waiter, error),
    });
    return waiter.promise as Promise<Uint8Array>;
  }

  /** The data of an answer; undefined if its call has ended, which may be by this answer. */
  #answer(waiter: Waiter, call: Call, dest: number, body: Packet): Uint8Array | undefined {
    if (waiter.over) return undefined;
    const problem = this.#problemOf(call, dest, body);
    if (problem === undefined) return body.attachments[0] ?? none;
    this.#accesses.reject(waiter, problem);
    return undefined;
  }

  #problemOf(call: Call, dest: number, { head }: Packet): MpiError | undefined {
    if (head[0] === answerStatus.done) return undefined;
    if (head[0] === answerStatus.closed) return letGoError(this.#who, call, dest);
    const why = Buffer.from(head.subarray(1)).toString();
    return failure(this.#who, located(call), "protocol", `rank ${dest} of the world refused it: ${why}`, {
      rank: dest,
    });
  }
}

/** The error of a call to a part that its rank has let go. */
export function letGoError(who: Identity, call: Call, rank: number): MpiError {
  const why = `rank ${rank} of the world has let its part of the window go: it left the scope of the window, or has closed it`;
  return failure(who, located(call), "closed", why, { rank });
}

function piecesOf(count: number, elementBytes: number): [from: number, until: number][] {
  const each = pieceBytes / elementBytes;
  const pieces: [number, number][] = [];
  for (let from = 0; from < count; from += each) pieces.push([from, Math.min(count, from + each)]);
  return pieces;
}

function bytesOf(array: TypedArray, from: number, until: number): Uint8Array {
  const size = array.BYTES_PER_ELEMENT;
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset + from * size, (until - from) * size);
}

const nowhere: Span = { first: 0, count: 0, layout: undefined };
const none = new Uint8Array(0);
