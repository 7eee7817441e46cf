import { type Call, failure } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { checkRank, invalid, show, withArticle } from "../calls/check.ts";
import { checkOptions, type KnownOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import type { CallOptions } from "../calls/options.ts";
import { markInstances } from "../calls/package-copies.ts";
import { ArrayBlock, type ArrayOrBlock, dense, type Elements } from "../calls/regions/block.ts";
import { isTypedArray, kindOf, type TypedArray } from "../calls/typed-array.ts";
import { routines } from "../collectives/implementations.ts";
import { Collectives } from "../collectives/runner.ts";
import { check } from "../ops/apply.ts";
import { asOp, numberOf, type Op } from "../ops/op.ts";
import type {
  ElementOptions,
  FlushOptions,
  GetOptions,
  HeldLock,
  LockOptions,
  Swap,
  TargetOptions,
  Window,
  WindowOp,
} from "./face.ts";
import { closedError, closeTogether, type HostMemory, leave, type Membership } from "./group.ts";
import { LockTable } from "./lock-table.ts";
import { Locks } from "./locks.ts";
import { type ArrayKind, Part } from "./part.ts";
import { atOnce } from "./pause.ts";
import { letGoError, Remote } from "./remote.ts";
import { Service } from "./service.ts";
import { type Span, spanOf } from "./span.ts";

type Element = number | bigint;

/**
 * A window on one rank. Within a host its calls work on the memory themselves; to other hosts they are requests, see `remote.ts`. The
 * docs of each call are at the interface.
 */
export class OpenWindow implements Window {
  static {
    markInstances(OpenWindow, "Window");
  }

  readonly rank: number;
  readonly size: number;
  readonly sizes: readonly number[];
  readonly local: TypedArray;
  readonly #group: Membership;
  readonly #kind: ArrayKind;
  readonly #host: HostMemory;
  readonly #collectives: Collectives;
  /** The parts that this rank can reach, by rank; undefined for those of other hosts. */
  readonly #parts: (Part | undefined)[];
  /** The number of each rank's part in the table of locks; -1 for those of other hosts. */
  readonly #places: number[];
  readonly #table: LockTable;
  readonly #locks: Locks;
  readonly #remote: Remote;
  readonly #service: Service;
  /** Ranks of other hosts that have let their parts go. */
  readonly #letGo: Set<number> = new Set();
  readonly #name: string;
  #closed = false;

  constructor(group: Membership, kind: ArrayKind, sizes: readonly number[], host: HostMemory, name: string) {
    const { engine, context, members, hosts } = group;
    const { memory, near } = host;
    this.rank = members.indexOf(engine.who.rank);
    this.size = members.length;
    this.sizes = sizes;
    this.#group = group;
    this.#kind = kind;
    this.#host = host;
    this.#name = name;
    this.#collectives = new Collectives(engine, context, members, hosts, name);
    this.#places = members.map((_, rank) => near.indexOf(rank));
    this.#parts = this.#places.map((place) =>
      place < 0 ? undefined : new Part(memory.parts[place + 1] as Uint8Array<ArrayBuffer>, kind, memory),
    );
    const own = this.#parts[this.rank] as Part;
    this.local = own.array;
    const hasEnded = (rank: number): boolean => engine.hasEnded(members[rank] as number);
    const header = memory.parts[0] as Uint8Array<ArrayBuffer>;
    this.#table = new LockTable(header, near.length, members.length, hasEnded);
    this.#remote = new Remote(engine.accesses, engine.who, context);
    this.#locks = new Locks(engine.accesses, this.#remote, this.#table, this.rank);
    this.#service = new Service(engine.accesses, {
      part: own,
      locks: this.#table,
      own: this.#places[this.rank] as number,
      rankOf: (source) => members.indexOf(source),
      hasEnded: (source) => engine.hasEnded(source),
      letGo: (source) => this.#letGo.add(members.indexOf(source)),
    });
    if (near.length < members.length) engine.accesses.serve(context, this.#service);
  }

  get(options: GetOptions & { into?: ArrayOrBlock }): Promise<never> {
    return this.#begin("get", knownOptions.get, options, (call) => {
      const { target, into, count, signal } = options;
      if (into !== undefined) this.#checkKind("into", into);
      if (count !== undefined && into !== undefined && into.length !== count) {
        throw invalid(`count is ${count}, but \`into\` has ${into.length} elements: leave count out`);
      }
      const span = this.#span(options, into?.length ?? count);
      const part = this.#reach(call, target);
      const values = isTypedArray(into) ? into : new this.#kind(span.count);
      const given = (): unknown => {
        if (into instanceof ArrayBlock) into.scatter(0, span.count, values, 0);
        return into ?? values;
      };
      if (part === undefined) return this.#remote.get(call, this.#worldRank(target), span, values, signal).then(given);
      part.read(span, 0, span.count, values, 0);
      return atOnce(given());
    }) as Promise<never>;
  }

  put(array: ArrayOrBlock, options: TargetOptions): Promise<void> {
    return this.#begin("put", knownOptions.put, options, (call) => {
      const values = this.#valuesOf(array);
      const span = this.#span(options, values.length);
      const part = this.#reach(call, options.target);
      if (part === undefined) {
        return this.#remote.send(call, this.#worldRank(options.target), 0, span, values, options.signal);
      }
      part.write(span, 0, span.count, values, 0);
      return atOnce(undefined);
    }) as Promise<void>;
  }

  accumulate(array: ArrayOrBlock, op: WindowOp, options: TargetOptions): Promise<void> {
    return this.#begin("accumulate", knownOptions.accumulate, options, (call) => {
      const values = this.#valuesOf(array);
      const operation = operationOf(op, values);
      const span = this.#span(options, values.length);
      const part = this.#reach(call, options.target);
      if (part === undefined) {
        const number = numberOf(operation);
        return this.#remote.send(call, this.#worldRank(options.target), number, span, values, options.signal);
      }
      part.accumulate(operation, span, 0, span.count, values, 0);
      return atOnce(undefined);
    }) as Promise<void>;
  }

  getAccumulate(array: ArrayOrBlock, op: WindowOp, options: TargetOptions): Promise<never> {
    return this.#begin("getAccumulate", knownOptions.getAccumulate, options, (call) => {
      const given = this.#valuesOf(array);
      const operation = operationOf(op, given);
      const span = this.#span(options, given.length);
      const part = this.#reach(call, options.target);
      const values = new this.#kind(given.length);
      (values as Float64Array).set(given as Float64Array);
      if (part === undefined) {
        const number = numberOf(operation);
        const dest = this.#worldRank(options.target);
        return this.#remote.fetch(call, dest, number, span, values, options.signal).then(() => values);
      }
      part.accumulate(operation, span, 0, span.count, values, 0, values);
      return atOnce(values);
    }) as Promise<never>;
  }

  fetchAndOp(value: Element, op: WindowOp, options: ElementOptions): Promise<never> {
    return this.#begin("fetchAndOp", knownOptions.fetchAndOp, options, (call) => {
      this.#checkElement("value", value);
      const operation = operationOf(op, this.local);
      const span = this.#span(options, 1);
      const part = this.#reach(call, options.target);
      if (part !== undefined) return atOnce(part.fetchAndOp(operation, span.first, value));
      const one = new this.#kind(1);
      one[0] = value as number;
      const dest = this.#worldRank(options.target);
      return this.#remote.fetch(call, dest, numberOf(operation), span, one, options.signal).then(() => one[0]);
    }) as Promise<never>;
  }

  compareAndSwap(swap: Swap<Element>, options: ElementOptions): Promise<never> {
    return this.#begin("compareAndSwap", knownOptions.compareAndSwap, options, (call) => {
      if (typeof swap !== "object" || swap === null) {
        throw invalid(`swap is ${show(swap)}, but it is an object, such as { expected: 0, replacement: 1 }`);
      }
      const { expected, replacement } = swap;
      this.#checkElement("expected", expected);
      this.#checkElement("replacement", replacement);
      const span = this.#span(options, 1);
      const part = this.#reach(call, options.target);
      if (part !== undefined) return atOnce(part.compareAndSwap(span.first, expected, replacement));
      const two = new this.#kind(2);
      two[0] = expected as number;
      two[1] = replacement as number;
      const dest = this.#worldRank(options.target);
      return this.#remote.compareAndSwap(call, dest, span, two, options.signal).then(() => two[0]);
    }) as Promise<never>;
  }

  lock(options: LockOptions): Promise<HeldLock> {
    return this.#begin("lock", knownOptions.windowLock, options, (call) => {
      const { target, shared = false, signal } = options;
      checkRank("target", target, this.size);
      if (typeof shared !== "boolean") throw invalid(`shared is ${show(shared)}, but it is true or false`);
      const place = this.#reach(call, target) === undefined ? -1 : (this.#places[target] as number);
      const refusal = (): MpiError | undefined =>
        place >= 0 && this.#table.isLetGo(place) ? letGoError(this.#group.engine.who, call, target) : undefined;
      return this.#locks.lock(call, { target, dest: this.#worldRank(target), place, shared, signal, refusal });
    }) as Promise<HeldLock>;
  }

  flush(options: FlushOptions = {}): Promise<void> {
    return this.#begin("flush", knownOptions.flush, options, (call) => {
      const { target, signal } = options;
      if (target === undefined) return this.#flushAll(call, signal);
      checkRank("target", target, this.size);
      const part = this.#reach(call, target);
      if (part !== undefined) return atOnce(this.#order());
      return this.#remote.flush(call, this.#worldRank(target), signal);
    }) as Promise<void>;
  }

  fence(options: CallOptions = {}): Promise<void> {
    return this.#begin("fence", knownOptions.fence, options, async (call) => {
      const failed = await this.#problemOfFlush(call, options.signal);
      this.#order();
      if (failed === undefined) {
        await this.#collectives.exchange(routines.fence, this.#name, options, undefined, undefined);
      } else await this.#collectives.refuse("fence", call, failed);
      this.#order();
    }) as Promise<void>;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const call: Call = { operation: "close", communicator: this.#name };
    try {
      const failed = await this.#problemOfFlush(call, undefined);
      this.#order();
      if (failed === undefined) await closeTogether(this.#collectives, call);
      else await this.#collectives.refuse("close", call, failed);
    } finally {
      this.#release();
    }
  }

  /** Lets this rank's part go, without waiting. Collectives of the window fail on the other ranks from now on. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const { engine, members } = this.#group;
    this.#table.letGo(this.#places[this.rank] as number);
    members.forEach((member, rank) => {
      if (this.#places[rank] === -1) this.#remote.tellLetGo(member);
    });
    const call: Call = { operation: "close", communicator: this.#name };
    const why = `rank ${this.rank} has let its part of the window go: it left the scope of the window without close()`;
    leave(engine, this.#collectives, call, why);
    this.#release();
  }

  #release(): void {
    this.#closed = true;
    this.#service.close();
    this.#locks.close();
    this.#group.engine.accesses.endService(this.#group.context);
    this.#collectives.close();
    this.#host.memory.release();
  }

  /** Keeps the accesses before it in order with those after it. */
  #order(): void {
    this.#table.order();
  }

  /** Why the flush before a collective has failed. The collective must then fail on all ranks, else they would wait for this one. */
  async #problemOfFlush(call: Call, signal: AbortSignal | undefined): Promise<Error | undefined> {
    if (this.#remote.targets.length === 0) return undefined;
    return this.#flushAll(call, signal).then(
      () => undefined,
      (error: Error) => error,
    );
  }

  async #flushAll(call: Call, signal: AbortSignal | undefined): Promise<void> {
    this.#order();
    const { engine } = this.#group;
    for (const dest of this.#remote.targets) {
      const refusal = engine.refusalOf(call, dest);
      if (refusal !== undefined) throw refusal;
    }
    await Promise.all(this.#remote.targets.map((dest) => this.#remote.flush(call, dest, signal)));
  }

  /** Begins a call. Its refusals name rank and call, as later errors do. */
  #begin(
    operation: string,
    known: KnownOptions,
    options: CallOptions,
    body: (call: Call) => Promise<unknown>,
  ): Promise<unknown> {
    const call: Call = { operation, options, communicator: this.#name };
    const { engine } = this.#group;
    try {
      if (this.#closed) throw closedError(engine, sitedHere(call), "window");
      checkOptions(known, options);
      if (options.signal?.aborted) throw engine.aborted(sitedHere(call), options.signal);
      call.result = body(call);
    } catch (error) {
      call.result = Promise.reject(engine.explained(sitedHere(call), error));
    }
    return call.result;
  }

  /** The target's part, if this rank can reach it; undefined if it is on another host. */
  #reach(call: Call, target: number): Part | undefined {
    const place = this.#places[target] as number;
    const { engine } = this.#group;
    const refusal = engine.refusalOf(call, this.#worldRank(target));
    if (refusal !== undefined) throw failure(engine.who, sitedHere(call), refusal.code, whyOf(refusal), refusal);
    if (place >= 0 ? this.#table.isLetGo(place) : this.#letGo.has(target)) {
      throw letGoError(engine.who, sitedHere(call), target);
    }
    return this.#parts[target];
  }

  #span(options: TargetOptions, count: number | undefined): Span {
    const { target } = options;
    checkRank("target", target, this.size);
    return spanOf(options, count, target, this.sizes[target] as number);
  }

  #worldRank(rank: number): number {
    return this.#group.members[rank] as number;
  }

  #valuesOf(array: ArrayOrBlock): TypedArray {
    this.#checkKind("the data", array);
    return dense(array as Elements);
  }

  #checkKind(name: string, array: unknown): asserts array is Elements {
    const inner = array instanceof ArrayBlock ? array.array : array;
    if (!isTypedArray(inner)) throw invalid(`${name} is ${show(array)}, but it is a typed array or a block of one`);
    if (kindOf(inner) === kindOf(this.local)) return;
    throw new MpiError(
      "mismatch",
      `${name} is ${withArticle(kindOf(inner))}, but this is a window of ${kindOf(this.local)}`,
    );
  }

  #checkElement(name: string, value: unknown): void {
    const wanted = kindOf(this.local).startsWith("Big") ? "bigint" : "number";
    if (typeof value === wanted) return;
    throw invalid(`${name} is ${show(value)}, but an element of ${withArticle(kindOf(this.local))} is a ${wanted}`);
  }
}

/** The operation, which the target must know by its number. */
function operationOf(op: WindowOp, values: TypedArray): Op<never> {
  const operation = asOp(op as never) as Op<never>;
  if (!operation.builtIn) {
    throw invalid(
      `op is ${operation.name}, a function: the target of an accumulate cannot call it. Give sum, prod, min, max, land, lor, lxor, band, bor, bxor, replace or noOp; or get and put under a lock`,
    );
  }
  check(operation, values);
  return operation;
}

function whyOf({ message }: MpiError): string {
  return message.replace(/^\[rank .*?: /, "");
}
