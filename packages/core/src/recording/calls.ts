import { now } from "../calls/event-loop.ts";
import { type Elements, isBlock } from "../calls/regions/block.ts";
import { isTypedArray } from "../calls/typed-array.ts";
import type { Engine } from "../engine/engine.ts";
import { type RecordedOperation, recordedOperations } from "./layout.ts";
import type { Messages } from "./messages.ts";
import type { OpenCall, Recorder } from "./recorder.ts";
import { type TimeKind, timeKind } from "./time-bins.ts";

/** What the recorded calls know of the communicator that they belong to. */
interface Recorded {
  readonly context: number;
  readonly partners: readonly number[];
}

/** `this` of a recorded call, and the call itself. */
type Method = (this: object, a?: unknown, b?: unknown, c?: unknown) => unknown;
interface Calls {
  [name: string]: Method;
}

const messageCalls = ["send", "recv", "recvMessage", "probe", "sendrecv"] as const;
const streams = ["imap", "imapUnordered"] as const;
const handingCalls = ["map", "pool"] as const;
/** These have a root, in the argument with this number. */
const rooted: Partial<Record<RecordedOperation, number>> = { bcast: 1, scatter: 1, gather: 1, reduce: 2 };
const special = new Set<string>([...messageCalls, ...streams, ...handingCalls, "task"]);
/** These take no data. */
const dataless = new Set<string>([
  "barrier",
  "split",
  "dup",
  "subset",
  "cart",
  "graph",
  "sub",
  "intercomm",
  "merge",
  "window",
  "counter",
  "mutex",
  "splitShared",
  "sharedArray",
  "spawn",
]);
const collectiveCalls = recordedOperations.filter((name) => !special.has(name));

/** A call is timed once in so many, where calls follow each other faster than {@link hotMs}: to time one takes 0.3 us. */
const sparse = 16;
const hotMs = 0.02;

/**
 * Puts a recording around each public call, as MPI's profiling interface (PMPI) does: the methods of the classes are replaced by
 * ones that call them. Where nothing is recorded, there is nothing of it.
 *
 * @param classes whose methods, and those of their bases, are replaced
 */
export function recordCalls(
  recorder: Recorder,
  messages: Messages,
  engine: Engine,
  classes: readonly { prototype: object }[],
): void {
  const wrap = new Wrapping(recorder, messages, engine);
  const seen = new Set<object>();
  for (const { prototype } of classes) {
    for (let each = prototype; each !== Object.prototype && !seen.has(each); each = Object.getPrototypeOf(each)) {
      seen.add(each);
      const calls = each as Calls;
      const replace = (names: readonly string[], by: (name: never, original: Method) => Method): void => {
        for (const name of names) {
          if (Object.hasOwn(calls, name)) calls[name] = by(name as never, calls[name] as Method);
        }
      };
      replace(messageCalls, (name: (typeof messageCalls)[number], original) => wrap.message(name, original));
      replace(collectiveCalls, (name: RecordedOperation, original) => wrap.collective(name, original));
      replace(handingCalls, (name: RecordedOperation, original) => wrap.handing(name, original));
      replace(streams, (name: RecordedOperation, original) => wrap.stream(name, original));
    }
  }
}

class Wrapping {
  readonly #recorder: Recorder;
  readonly #messages: Messages;
  /** How many collectives each communicator has had; and that of the last call. */
  readonly #numbers: Map<number, { next: number }> = new Map();
  #context = -1;
  #number = { next: 0 };
  #ended = false;
  #begun = false;

  constructor(recorder: Recorder, messages: Messages, { waits }: Engine) {
    this.#recorder = recorder;
    this.#messages = messages;
    const { begin, atOnce } = waits;
    waits.begin = () => {
      this.#begun = true;
      begin.call(waits);
    };
    waits.atOnce = <T>(value: T): Promise<T> => {
      this.#ended = true;
      return atOnce.call(waits, value) as Promise<T>;
    };
  }

  message(name: (typeof messageCalls)[number], original: Method): Method {
    const operation = recordedOperations.indexOf(name);
    const recorder = this.#recorder;
    const messages = this.#messages;
    const { call } = recorder;
    const self = this;
    const pace = new Pace(recorder);
    const hasValue = name === "send" || name === "sendrecv";
    return function recorded(a, b, c) {
      const peer = peerOf(this as Recorded, hasValue ? b : a);
      const began = pace.times(messages.next(name, peer)) ? now() : -1;
      self.#begun = false;
      const result = original.call(this, a, b, c) as Promise<unknown>;
      if (!self.#begun && began < 0) {
        pace.skipped(operation, call.bytes);
        return result;
      }
      if (call.peer < 0) call.peer = peer;
      self.#made(operation, timeKind.messages, began, (this as Recorded).context);
      if (!self.#begun) pace.ended(recorded);
      else messages.goesOn(pace.goesOn(result, recorded));
      return result;
    };
  }

  collective(name: RecordedOperation, original: Method): Method {
    const operation = recordedOperations.indexOf(name);
    const recorder = this.#recorder;
    const { call } = recorder;
    const self = this;
    const pace = new Pace(recorder);
    const rootAt = rooted[name];
    const gives = !dataless.has(name);
    return function recorded(a, b, c) {
      const { context, partners } = this as Recorded;
      const key = self.#numberIn(context);
      const bytes = gives ? sizeOf(a) : 0;
      const began = pace.times(key) ? now() : -1;
      self.#ended = false;
      const result = original.call(this, a, b, c) as Promise<unknown>;
      if (self.#ended && began < 0) {
        pace.skipped(operation, bytes);
        return result;
      }
      call.peer = rootOf(rootAt, b, c, partners);
      call.tag = -1;
      call.bytes = bytes;
      call.key = key;
      self.#made(operation, timeKind.collectives, began, context);
      if (self.#ended) pace.ended(recorded);
      else pace.goesOn(result, recorded);
      if (makesTopology(name, this)) result.then((made) => recordTopology(recorder, made), ignore);
      return result;
    };
  }

  handing(name: RecordedOperation, original: Method): Method {
    const self = this;
    return function recorded(a, b, c) {
      const result = original.call(this, a, b, c) as Promise<unknown>;
      close(self.#recorder, self.#hands(name, this as Recorded, recorded)(), result);
      return result;
    };
  }

  /** The consumer's own code between two results is not a part of the call. */
  stream(name: RecordedOperation, original: Method): Method {
    const self = this;
    return function recorded(a, b, c) {
      const results = original.call(this, a, b, c) as AsyncGenerator<unknown, void>;
      const begin = self.#hands(name, this as Recorded, recorded);
      return consumed(results, self.#recorder, begin);
    };
  }

  /** A call that hands out work, on any rank. Returns what begins it. */
  #hands(name: RecordedOperation, { context }: Recorded, above: Method): () => OpenCall {
    const key = this.#numberIn(context);
    const site = this.#recorder.lineOf(above);
    return () => {
      const { call } = this.#recorder;
      call.peer = -1;
      call.tag = -1;
      call.bytes = 0;
      call.key = key;
      this.#made(recordedOperations.indexOf(name), timeKind.maps, -1, context);
      const open = this.#recorder.openedAt(site, false);
      this.#recorder.handing(open);
      return open;
    };
  }

  /** The call that is made now has returned. `began` is below 0 if it was not to be timed. */
  #made(operation: number, kind: TimeKind, began: number, context: number): void {
    const { call } = this.#recorder;
    const returned = now();
    call.operation = operation;
    call.kind = kind;
    call.began = began < 0 ? returned : began;
    call.returned = returned;
    call.context = context;
  }

  #numberIn(context: number): number {
    if (context !== this.#context) {
      this.#context = context;
      this.#number = this.#numbers.get(context) ?? { next: 0 };
      this.#numbers.set(context, this.#number);
    }
    return this.#number.next++;
  }
}

/** Decides which calls of one operation are timed: all, unless they follow each other so fast that the clock would slow them down. */
class Pace {
  readonly #recorder: Recorder;
  #every = 1;
  #lastTimed = 0;
  #untimed = 0;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  times(key: number): boolean {
    return this.#every === 1 || key % this.#every === 0;
  }

  /** The call has ended at once, and was not timed. */
  skipped(operation: number, bytes: number): void {
    const { sums, phase } = this.#recorder;
    this.#untimed++;
    sums.count(sums.plain(phase, operation), bytes);
  }

  /** The call has ended at once. Those before it that were not timed took as long, within the time that there was. */
  ended(above: Method): void {
    const { began, returned } = this.#recorder.call;
    const untimedMs = Math.min(this.#untimed * (returned - began), Math.max(0, began - this.#lastTimed));
    this.#recorder.endedAtOnce(untimedMs, above);
    const isHot = returned - this.#lastTimed < hotMs * (this.#untimed + 1);
    this.#lastTimed = returned;
    this.#untimed = 0;
    if (isHot === this.#every > 1) return;
    this.#every = isHot ? sparse : 1;
    if (isHot) this.#recorder.events.sparse(sparse);
  }

  /** The call has to wait: those that follow are no longer fast. */
  goesOn(result: Promise<unknown>, above: Method): OpenCall {
    const isHot = this.#every > 1;
    this.#every = 1;
    this.#untimed = 0;
    const call = this.#recorder.opened(above, isHot);
    close(this.#recorder, call, result);
    return call;
  }
}

async function* consumed(
  results: AsyncGenerator<unknown, void>,
  recorder: Recorder,
  begin: () => OpenCall,
): AsyncGenerator<unknown, void> {
  const call = begin();
  try {
    for await (const each of results) {
      recorder.task(1, now()); // the consumer's code is work of this rank
      yield each;
      recorder.task(-1, now());
    }
  } finally {
    recorder.closed(call);
  }
}

function close(recorder: Recorder, call: OpenCall, result: Promise<unknown>): void {
  const closed = (): void => recorder.closed(call);
  result.then(closed, closed);
}

function ignore(): void {}

/** Whether a collective makes a grid or a graph. */
function makesTopology(name: RecordedOperation, from: object): boolean {
  return name === "cart" || name === "graph" || name === "sub" || (name === "dup" && "neighborAllgather" in from);
}

function recordTopology(recorder: Recorder, made: unknown): void {
  if (made !== null) recorder.text.write(describeTopology(made as Recorded & Shape));
}

interface Shape {
  readonly name: string;
  readonly dims?: readonly number[];
  readonly periodic?: readonly boolean[];
  readonly neighbors?: readonly (number | null)[];
  readonly destinations?: readonly number[];
}

function describeTopology({ context, partners, name, dims, periodic, neighbors, destinations }: Recorded & Shape) {
  const around = (destinations ?? neighbors ?? []).filter((rank) => rank !== null);
  return {
    topology: dims === undefined ? ("graph" as const) : ("cart" as const),
    context,
    name,
    members: partners,
    ...(dims === undefined ? {} : { dims }),
    ...(periodic === undefined ? {} : { periodic }),
    neighbors: around.map((rank) => partners[rank] as number),
  };
}

/** The rank of the world that the options name; -1 if they name none. */
function peerOf({ partners }: Recorded, options: unknown): number {
  if (typeof options !== "object" || options === null) return -1;
  const { dest, source } = options as { dest?: unknown; source?: unknown };
  const named = source ?? dest;
  return typeof named === "number" ? (partners[named] ?? -1) : -1;
}

/** The root of a call with the arguments a, b and c; -1 if it has none. */
function rootOf(rootAt: number | undefined, b: unknown, c: unknown, partners: readonly number[]): number {
  if (rootAt === undefined) return -1;
  const { root = 0 } = ((rootAt === 1 ? b : c) ?? {}) as { root?: number };
  return partners[root] ?? -1;
}

/** Bytes of a value that is given to a collective, where they are known without encoding it. */
function sizeOf(value: unknown): number {
  if (typeof value === "number") return 8;
  if (typeof value === "string") return value.length;
  if (hasBytes(value)) return value.byteLength;
  if (!Array.isArray(value) || !hasBytes(value[0])) return 0;
  let bytes = 0;
  for (const part of value) if (hasBytes(part)) bytes += part.byteLength;
  return bytes;
}

function hasBytes(value: unknown): value is Elements {
  return isTypedArray(value) || isBlock(value);
}
