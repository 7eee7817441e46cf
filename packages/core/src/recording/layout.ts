/**
 * The memory of one rank's recording: a file that the rank maps and its agent reads, so that a rank that is killed leaves what it
 * had recorded. All numbers have the machine's byte order; times are ms of the rank's `performance.now()`.
 *
 * ```text
 * header | peers | sums | phases | bins | samples | events one by one | the last events | pending calls | text
 * ```
 */

/** Changes whenever the meaning of these bytes does. */
export const recordingFormat = 1;
const magic = 0x7473_7263;

/** The calls that are recorded, in the order of their numbers. */
export const recordedOperations = [
  "send",
  "recv",
  "recvMessage",
  "probe",
  "sendrecv",
  "barrier",
  "bcast",
  "scatter",
  "gather",
  "allgather",
  "alltoall",
  "reduce",
  "allreduce",
  "reduceScatter",
  "scan",
  "exscan",
  "neighborAllgather",
  "neighborAlltoall",
  "split",
  "dup",
  "subset",
  "cart",
  "graph",
  "sub",
  "intercomm",
  "merge",
  "map",
  "imap",
  "imapUnordered",
  "pool",
  "task",
  "window",
  "counter",
  "mutex",
  "splitShared",
  "sharedArray",
  "spawn",
] as const;
export type RecordedOperation = (typeof recordedOperations)[number];

/** Places in the header, which is an array of 64-bit floats. */
export const head = {
  magic: 0,
  format: 1,
  rank: 2,
  size: 3,
  /** Room for so many events. */
  events: 4,
  /** What `performance.now()` is short of the host's monotonic clock (`process.hrtime()`), in ms. */
  clock: 5,
  joinedAt: 6,
  leftAt: 7,
  /** 1: the rank has left in good order. */
  complete: 8,
  /** Of so many calls one is among the events; the others are only in the sums. */
  keeps: 9,
  eventCount: 10,
  /** How many events there were in all; the last of them are in the ring. */
  recorded: 11,
  sumCount: 12,
  binsBegan: 14,
  binMs: 15,
  sampleCount: 16,
  gcCount: 18,
  gcMs: 19,
  textBytes: 20,
  phase: 21,
  phaseSince: 22,
} as const;
const headerWords = 64;

/** Messages, bytes, and both within collectives. */
export const peerWords = 4;
/** Phase, operation, site, calls, ms, longest ms, bytes. */
export const sumWords = 7;
/** Ms, and of it in calls. */
export const phaseWords = 2;
/** Messages, collectives, maps, tasks. */
export const binKinds = 4;
/** At, resident bytes, heap bytes, CPU ms, late ms. */
export const sampleWords = 5;
/** Began (0: free), row of the sums, peer, context, key, tag. */
export const pendingWords = 6;

export const mostSums = 1024;
export const mostPhases = 64;
export const binCount = 1024;
export const mostSamples = 512;
export const mostPending = 16;
/** How many of the last events are kept whatever happens. */
export const lastEvents = 4096;
const textBytes = 256 * 1024;

/** The columns of a table of events. */
export interface EventColumns {
  readonly began: Float64Array;
  readonly bytes: Float64Array;
  readonly ms: Float32Array;
  readonly sums: Uint32Array;
  readonly peer: Int32Array;
  readonly tag: Int32Array;
  readonly context: Uint32Array;
  readonly key: Uint32Array;
}

/** Views of a recording's memory. */
export interface RecordingMemory {
  readonly header: Float64Array;
  readonly peers: Float64Array;
  readonly sums: Float64Array;
  readonly phases: Float64Array;
  readonly bins: Float32Array;
  readonly samples: Float64Array;
  readonly events: EventColumns;
  readonly last: EventColumns;
  readonly pending: Float64Array;
  readonly text: Uint8Array;
}

/** How many bytes the recording of a rank takes. */
export function recordingBytes(size: number, events: number): number {
  return new Layout(undefined, size, events).bytes;
}

/** @param buffer begins with the recording; it was zero when the rank began */
export function recordingMemory(
  buffer: ArrayBuffer,
  byteOffset: number,
  size: number,
  events: number,
): RecordingMemory {
  return new Layout({ buffer, byteOffset }, size, events).memory;
}

/** Marks memory as a recording. */
export function writeMark({ header }: RecordingMemory, rank: number, size: number, events: number): void {
  header[head.format] = recordingFormat;
  header[head.rank] = rank;
  header[head.size] = size;
  header[head.events] = events;
  header[head.magic] = magic;
}

/** The recording in these bytes; undefined if its rank has not begun it, or they are something else. */
export function readMemory(bytes: Uint8Array): RecordingMemory | undefined {
  if (bytes.byteLength < headerWords * 8) return undefined;
  const own = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const buffer = own.buffer as ArrayBuffer;
  const header = new Float64Array(buffer, own.byteOffset, headerWords);
  if (header[head.magic] !== magic || header[head.format] !== recordingFormat) return undefined;
  const [size, events] = [header[head.size] as number, header[head.events] as number];
  if (own.byteLength < recordingBytes(size, events)) return undefined;
  return recordingMemory(buffer, own.byteOffset, size, events);
}

/** Places views one behind the other. Without a buffer it only counts bytes. */
class Layout {
  readonly #at: { buffer: ArrayBuffer; byteOffset: number } | undefined;
  bytes = 0;
  readonly memory: RecordingMemory;

  constructor(at: { buffer: ArrayBuffer; byteOffset: number } | undefined, size: number, events: number) {
    this.#at = at;
    this.memory = {
      header: this.#take(Float64Array, headerWords),
      peers: this.#take(Float64Array, size * peerWords),
      sums: this.#take(Float64Array, mostSums * sumWords),
      phases: this.#take(Float64Array, mostPhases * phaseWords),
      bins: this.#take(Float32Array, binCount * binKinds),
      samples: this.#take(Float64Array, mostSamples * sampleWords),
      events: this.#columns(events),
      last: this.#columns(lastEvents),
      pending: this.#take(Float64Array, mostPending * pendingWords),
      text: this.#take(Uint8Array, textBytes),
    };
  }

  #columns(count: number): EventColumns {
    return {
      began: this.#take(Float64Array, count),
      bytes: this.#take(Float64Array, count),
      ms: this.#take(Float32Array, count),
      sums: this.#take(Uint32Array, count),
      peer: this.#take(Int32Array, count),
      tag: this.#take(Int32Array, count),
      context: this.#take(Uint32Array, count),
      key: this.#take(Uint32Array, count),
    };
  }

  #take<A>(Kind: ArrayKind<A>, count: number): A {
    const at = this.bytes;
    this.bytes += Math.ceil((count * Kind.BYTES_PER_ELEMENT) / 8) * 8;
    if (this.#at === undefined) return new Kind(new ArrayBuffer(0), 0, 0);
    return new Kind(this.#at.buffer, this.#at.byteOffset + at, count);
  }
}

interface ArrayKind<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}
