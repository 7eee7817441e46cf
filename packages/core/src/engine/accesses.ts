import { onAbort } from "../calls/abort.ts";
import type { Call } from "../calls/call.ts";
import { type Detour, rejectAtSite, sitedHere } from "../calls/call-site.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Transport } from "../wire/transport.ts";
import type { Liveness } from "./liveness.ts";
import { any } from "./match-queue.ts";
import type { Outbound } from "./outbound.ts";
import type { PendingCall } from "./pending-call.ts";
import type { Refusal, WaitCounter } from "./wait-counter.ts";

/**
 * How many bytes of requests, and of the answers that they ask for, may be under way to one rank. More wait at their origin, so a
 * flood of them fills the memory of neither rank.
 */
const creditBytes = 4 * 1024 * 1024;
/** What a request costs besides its data. */
const overheadBytes = 256;

/** The answerer of one window: what it does with the requests of other ranks. */
export interface AccessHandler {
  /** The body may lie in memory that is reused when this returns. */
  requested(envelope: Envelope, body: Packet): void;
}

/** A request to another rank. */
export interface Access {
  readonly call: Call;
  /** Bytes of its data, and of its answer's. */
  readonly bytes: number;
  /** Makes the packet, when there is credit. What it was made of may change when `sent` is called. */
  make(): Packet;
  sent?(): void;
  /** The answer. Its bytes may be reused when this returns. */
  answered(body: Packet): void;
  failed(error: Error): void;
}

/** A call that waits for another rank, other than for a message of it. */
export class Waiter {
  readonly call: Call;
  /** The rank of the world that it waits for; {@link any}: not one alone. */
  readonly rank: number;
  readonly promise: Promise<unknown>;
  over = false;
  forget: () => void = () => {};
  resolve!: (value: unknown) => void;
  reject!: (error: Error) => void;

  constructor(call: Call, rank: number) {
    this.call = call;
    this.rank = rank;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** See {@link PostedReceive.divert}. */
  divert(detour: Detour): void {
    const { resolve } = this;
    const rest = new Promise<unknown>((next, nextReject) => {
      this.resolve = next;
      this.reject = nextReject;
    });
    resolve(detour(rest));
  }
}

/** The requests of one rank to one other: those under way, and those that wait for credit. */
class Line {
  readonly underWay: Map<number, Access> = new Map();
  /** In order. A set, because taking the first of a long array moves the others. */
  readonly queue: Set<{ readonly context: number; readonly access: Access }> = new Set();
  bytes = 0;
}

/**
 * Requests to the windows of other ranks, which the engines there answer, and the requests of others to this rank. In order for each
 * pair of ranks.
 * ```text
 *   origin                              target
 *     │ ── access (id, what, data) ──►    │  the handler of the window changes its memory
 *     │ ◄── answer (id, data) ────────    │
 * ```
 */
export class Accesses {
  readonly #transport: Transport;
  readonly #liveness: Liveness;
  readonly #outbound: Outbound;
  readonly #waits: WaitCounter;
  readonly #handlers: Map<number, AccessHandler> = new Map();
  readonly #lines: Map<number, Line> = new Map();
  readonly #waiters: Set<Waiter> = new Set();
  #nextId = 1;
  /** How many handlers other hosts may ask. */
  #attended = 0;

  constructor(transport: Transport, liveness: Liveness, outbound: Outbound, waits: WaitCounter) {
    this.#transport = transport;
    this.#liveness = liveness;
    this.#outbound = outbound;
    this.#waits = waits;
  }

  /** Answers requests with this number from now on, also while this rank waits for nothing. */
  serve(context: number, handler: AccessHandler): void {
    this.#handlers.set(context, handler);
    if (++this.#attended === 1) this.#transport.attend?.(true);
  }

  endService(context: number): void {
    if (this.#handlers.delete(context) && --this.#attended === 0) this.#transport.attend?.(false);
  }

  /** Sends a request, or queues it until there is credit. */
  ask(context: number, dest: number, access: Access): void {
    const line = this.#line(dest);
    line.queue.add({ context, access });
    if (line.queue.size === 1) this.#push(dest, line);
  }

  answer(request: Envelope, bytes: number, body: Packet): void {
    this.#outbound.answer(request, kind.answer, bytes, body);
  }

  /** Tells rank `dest` something about a window that has no answer. */
  tell(context: number, dest: number, body: Packet): void {
    this.#outbound.access(dest, context, 0, 0, body);
  }

  /** A call begins to wait for a rank of the world, or for `any`. */
  wait(call: Call, rank: number, signal?: AbortSignal): Waiter {
    const waiter = new Waiter(call, rank);
    this.#waits.beginCall(call);
    this.#waiters.add(waiter);
    if (signal !== undefined) {
      waiter.forget = onAbort(signal, (reason) => this.reject(waiter, this.#liveness.aborted(sitedHere(call), reason)));
    }
    return waiter;
  }

  settle(waiter: Waiter, value: unknown): void {
    if (this.#end(waiter)) waiter.resolve(value);
  }

  reject(waiter: Waiter, error: Error): void {
    if (this.#end(waiter)) rejectAtSite(waiter.call, error, waiter);
  }

  /** Something has happened, so this rank is not stuck. */
  step(): void {
    this.#waits.steps++;
  }

  #end(waiter: Waiter): boolean {
    if (waiter.over) return false;
    waiter.over = true;
    waiter.forget();
    this.#waiters.delete(waiter);
    this.#waits.settled++;
    this.#waits.end();
    return true;
  }

  requested(envelope: Envelope, body: Packet): void {
    const handler = this.#handlers.get(envelope.context);
    if (handler !== undefined) handler.requested(envelope, body);
    else if (envelope.id !== 0) this.answer(envelope, 0, closedHere);
  }

  answered(envelope: Envelope, body: Packet): void {
    const line = this.#line(envelope.source);
    const access = line.underWay.get(envelope.id);
    if (access === undefined) return;
    line.underWay.delete(envelope.id);
    line.bytes -= access.bytes + overheadBytes;
    access.answered(body);
    this.#push(envelope.source, line);
  }

  /** Rejects the calls for which `why` gives an error. */
  refuse(why: Refusal): void {
    for (const [rank, line] of this.#lines) {
      for (const [id, access] of line.underWay) {
        const error = why(access.call, rank);
        if (error === undefined) continue;
        line.underWay.delete(id);
        line.bytes -= access.bytes + overheadBytes;
        access.failed(error);
      }
      for (const each of [...line.queue]) {
        const error = why(each.access.call, rank);
        if (error !== undefined && line.queue.delete(each)) each.access.failed(error);
      }
    }
    for (const waiter of this.#waiters) {
      const error = why(waiter.call, waiter.rank);
      if (error !== undefined) this.reject(waiter, error);
    }
  }

  *pending(): Generator<PendingCall, void> {
    for (const waiter of this.#waiters) {
      if (waiter.rank === any) continue; // a decision: see Survival
      yield { call: waiter.call, rank: waiter.rank, divert: (detour) => waiter.divert(detour) };
    }
  }

  #line(dest: number): Line {
    let line = this.#lines.get(dest);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(dest, line);
    }
    return line;
  }

  /** Sends requests as long as there is credit; a larger one when nothing else is under way. */
  #push(dest: number, line: Line): void {
    for (const each of line.queue) {
      const { context, access } = each;
      const cost = access.bytes + overheadBytes;
      if (line.bytes > 0 && line.bytes + cost > creditBytes) return;
      line.queue.delete(each);
      line.bytes += cost;
      const id = this.#nextId;
      this.#nextId = this.#nextId === lastId ? 1 : this.#nextId + 1;
      line.underWay.set(id, access);
      this.#outbound.access(dest, context, id, access.bytes, access.make());
      access.sent?.();
    }
  }
}

const lastId = 0xffff_ffff;

/** The first byte of an answer. */
export const answerStatus = { done: 0, closed: 1, refused: 2 } as const;

const closedHere: Packet = { head: Uint8Array.of(answerStatus.closed), attachments: [] };
