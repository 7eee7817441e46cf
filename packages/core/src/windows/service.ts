import { MpiError, messageOf } from "../calls/errors.ts";
import { emptyLike, type TypedArray } from "../calls/typed-array.ts";
import { type Accesses, type AccessHandler, answerStatus } from "../engine/accesses.ts";
import { opOf } from "../ops/op.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { LockTable } from "./lock-table.ts";
import type { Part } from "./part.ts";
import { pause } from "./pause.ts";
import { decodeRequest, type Request, what } from "./request.ts";

/** What the service knows of its window. */
export interface Served {
  readonly part: Part;
  readonly locks: LockTable;
  /** The number of this rank's part in the table of locks. */
  readonly own: number;
  /** Rank in the communicator of a rank of the world. */
  rankOf(source: number): number;
  hasEnded(source: number): boolean;
  /** Another rank has let its part go. */
  letGo(source: number): void;
}

/** The target's side: does what ranks of other hosts ask for, on this rank's part of a window. */
export class Service implements AccessHandler {
  readonly #accesses: Accesses;
  readonly #served: Served;
  #closed = false;

  constructor(accesses: Accesses, served: Served) {
    this.#accesses = accesses;
    this.#served = served;
  }

  close(): void {
    this.#closed = true;
  }

  requested(envelope: Envelope, body: Packet): void {
    const { head, attachments } = body;
    if (envelope.id === 0) {
      this.#served.letGo(envelope.source);
      return;
    }
    try {
      const request = decodeRequest(head);
      this.#check(request);
      if (request.what === what.lock) void this.#lock(envelope, request.op === 1);
      else this.#answer(envelope, this.#done(envelope, request, attachments[0]));
    } catch (error) {
      const text = Buffer.from(messageOf(error));
      this.#accesses.answer(envelope, 0, { head: Buffer.from([answerStatus.refused, ...text]), attachments: [] });
    }
  }

  /** The origin has checked it, too. Loops over memory do not. */
  #check({ span, from, until }: Request): void {
    const { first, layout } = span;
    const { length } = this.#served.part.array;
    const end = layout === undefined ? first + until : layout.end;
    const most = layout === undefined ? until : layout.length;
    if (first >= 0 && from >= 0 && until >= from && until <= most && end <= length) return;
    throw new MpiError("protocol", `the elements ${from} to ${until} of a request are not in this part of ${length}`);
  }

  /** The data of the answer, if it has any. */
  #done(envelope: Envelope, request: Request, data: Uint8Array | undefined): TypedArray | undefined {
    const { part, locks, own, rankOf } = this.#served;
    const { span, from, until } = request;
    switch (request.what) {
      case what.get: {
        const values = emptyLike(part.array, until - from);
        part.read(span, from, until, values, 0);
        return values;
      }
      case what.put:
        part.write(span, from, until, this.#valuesOf(data), 0);
        return undefined;
      case what.accumulate:
      case what.getAccumulate:
        return this.#accumulate(request, this.#valuesOf(data));
      case what.compareAndSwap: {
        const values = this.#valuesOf(data) as Float64Array;
        values[0] = part.compareAndSwap(span.first, values[0] as number, values[1] as number) as number;
        return values.subarray(0, 1);
      }
      case what.unlock:
        locks.release(own, rankOf(envelope.source), request.op === 1);
        return undefined;
      default:
        throw new MpiError("protocol", `a window does not know the request ${request.what}`);
    }
  }

  #accumulate({ what: asked, op, span, from, until }: Request, values: TypedArray): TypedArray | undefined {
    const operation = opOf(op);
    if (operation === undefined) throw new MpiError("protocol", `a window does not know the operation ${op}`);
    const old = asked === what.getAccumulate ? emptyLike(values) : undefined;
    this.#served.part.accumulate(operation, span, from, until, values, 0, old);
    return old;
  }

  /** The data as an array of the window's kind: a copy, since bytes of a packet may begin anywhere. */
  #valuesOf(data: Uint8Array | undefined): TypedArray {
    const { array } = this.#served.part;
    const values = emptyLike(array, (data?.byteLength ?? 0) / array.BYTES_PER_ELEMENT);
    if (data !== undefined) new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(data);
    return values;
  }

  async #lock(envelope: Envelope, shared: boolean): Promise<void> {
    const { locks, own, rankOf, hasEnded } = this.#served;
    const attempt = locks.attempt(own, rankOf(envelope.source), shared);
    for (let look = 0; ; look++) {
      const held = this.#closed ? undefined : attempt.next();
      if (held !== undefined) {
        this.#accesses.step();
        this.#accesses.answer(envelope, 0, {
          head: Uint8Array.of(answerStatus.done, held.abandoned ? 1 : 0),
          attachments: [],
        });
        return;
      }
      if (this.#closed || hasEnded(envelope.source)) break;
      await pause(look);
    }
    if (!this.#closed) attempt.giveUp(); // the memory is gone with the window
    this.#accesses.answer(envelope, 0, { head: Uint8Array.of(answerStatus.closed), attachments: [] });
  }

  #answer(envelope: Envelope, values: TypedArray | undefined): void {
    const attachments =
      values === undefined ? [] : [new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)];
    this.#accesses.answer(envelope, values?.byteLength ?? 0, { head: done, attachments });
  }
}

const done = Uint8Array.of(answerStatus.done);
