import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { RankRecording, RunRecording } from "../recording/recording.ts";
import { hostIndices } from "./analysis.ts";
import { endAt, type RankEvents, rankEvents } from "./event-lists.ts";
import { type MessageMatches, matchMessages } from "./message-matches.ts";
import { kindOf } from "./operations.ts";
import { phaseSpans } from "./phase-spans.ts";
import { Lanes, mostLanes, type Slice } from "./trace-lanes.ts";

/** An event of Chrome's trace format, as ui.perfetto.dev and chrome://tracing read it. Times are in microseconds. */
interface TraceEvent {
  ph: "M" | "X" | "s" | "f" | "C";
  name: string;
  pid: number;
  tid?: number;
  ts?: number;
  dur?: number;
  id?: number;
  bp?: "e";
  cat?: string;
  args?: Record<string, unknown>;
}

/** Thread numbers of a rank: a track for phases, then the lanes of calls. */
const tracksPerRank = mostLanes + 1;
/** Text is written in pieces of about so many characters. */
const pieceLength = 1 << 16;

/**
 * Writes a recording as a trace for Perfetto: hosts are processes, ranks are threads, messages are arrows. A path that ends
 * in `.gz` is compressed. The text is written as it is made, so its length costs no memory.
 *
 * @throws Error if the file cannot be written.
 */
export async function writeTrace(recording: RunRecording, path: string): Promise<void> {
  const text = Readable.from(pieces(recording));
  const file = createWriteStream(path);
  if (path.endsWith(".gz")) await pipeline(text, createGzip(), file);
  else await pipeline(text, file);
}

function* pieces(recording: RunRecording): Generator<string> {
  let piece = `{"displayTimeUnit":"ms","otherData":${JSON.stringify(otherData(recording))},"traceEvents":[\n`;
  let between = "";
  for (const event of traceEvents(recording)) {
    piece += `${between}${JSON.stringify(event)}`;
    between = ",\n";
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}\n]}\n`;
}

function otherData({ about }: RunRecording): Record<string, string> {
  const { command, directory, startedAt, tsmpi, node } = about;
  return { command, directory, startedAt, tsmpi, node };
}

function* traceEvents(recording: RunRecording): Generator<TraceEvent> {
  const ranks = rankEvents(recording);
  const matches = matchMessages(ranks);
  const ids = new FlowIds(ranks, matches);
  const hosts = hostIndices(recording);
  yield* hostNames(recording);
  for (const own of ranks) {
    const pid = hosts[own.rank]! + 1;
    const tid = own.rank * tracksPerRank + 1;
    yield* phasesOf(own, pid, tid);
    const lanes = yield* callsOf(own, pid, tid + 1, ids);
    yield* trackNames(own, pid, tid, lanes);
    yield* countersOf(own.recording, pid);
  }
}

function* hostNames({ about, ranks }: RunRecording): Generator<TraceEvent> {
  for (const [index, { name, ranks: own }] of about.hosts.entries()) {
    const pid = index + 1;
    yield { ph: "M", name: "process_name", pid, args: { name } };
    yield { ph: "M", name: "process_sort_index", pid, args: { sort_index: index } };
    yield { ph: "M", name: "process_labels", pid, args: { labels: `${own.length} of ${ranks.length} ranks` } };
  }
}

function* trackNames({ rank }: RankEvents, pid: number, first: number, lanes: number): Generator<TraceEvent> {
  for (let track = 0; track <= lanes; track++) {
    const more = track === 0 ? " phases" : track === 1 ? "" : `, at the same time (${track})`;
    const tid = first + track;
    yield { ph: "M", name: "thread_name", pid, tid, args: { name: `rank ${rank}${more}` } };
    yield { ph: "M", name: "thread_sort_index", pid, tid, args: { sort_index: tid } };
  }
}

function* phasesOf(own: RankEvents, pid: number, tid: number): Generator<TraceEvent> {
  for (const { began, end, phase } of phaseSpans(own)) {
    const name = own.recording.phases[phase]?.name ?? "";
    if (end > began) yield { ph: "X", cat: "phase", name, pid, tid, ...times(began, end) };
  }
}

/** Calls and tasks, each followed by its end of an arrow; gives the number of lanes that they need. */
function* callsOf(own: RankEvents, pid: number, first: number, ids: FlowIds): Generator<TraceEvent, number> {
  const { events, sums } = own.recording;
  const lanes = new Lanes();
  for (let i = 0; i < own.length; i++) {
    const slice = lanes.place(Math.max(0, events.began[i]!), Math.max(0, endAt(own, i)));
    const { operation } = sums[events.sums[i]!]!;
    const tid = first + slice.lane;
    const name = operation === "task" ? `task ${events.key[i]}` : operation;
    yield { ph: "X", cat: kindOf(operation), name, pid, tid, ...times(slice.began, slice.end), args: argsOf(own, i) };
    const flow = ids.of(own, i);
    if (flow !== undefined) yield { ...flow, pid, tid, ts: flowTime(flow.ph, slice) };
  }
  return lanes.count;
}

/** An arrow begins where its send begins, and ends within its receive: a point outside of a slice belongs to none. */
function flowTime(ph: TraceEvent["ph"], { began, end }: Slice): number {
  return ph === "s" ? micros(began) : Math.max(micros(began), micros(end) - 0.001);
}

function argsOf({ recording }: RankEvents, i: number): Record<string, unknown> {
  const { events, sums, sites } = recording;
  const { operation, site } = sums[events.sums[i]!]!;
  const [peer, tag] = [events.peer[i]!, events.tag[i]!];
  const other = kindOf(operation) === "from-root" || kindOf(operation) === "to-root" ? "root" : "peer";
  return {
    ...(sites[site] && { line: sites[site] }),
    ...(operation !== "task" && { bytes: events.bytes[i]! }),
    ...(peer >= 0 && { [other]: peer }),
    ...(tag >= 0 && { tag }),
    ...(events.context[i]! > 0 && { communicator: events.context[i]! }),
    ...(Number.isNaN(events.ms[i]!) && { ended: false }),
  };
}

function* countersOf({ rank, samples, joinedAt }: RankRecording, pid: number): Generator<TraceEvent> {
  const { at, rssBytes, heapBytes, cpuMs } = samples;
  for (let i = 0; i < at.length; i++) {
    const ts = micros(at[i]!);
    const memory = { resident: round(rssBytes[i]! / 2 ** 20), heap: round(heapBytes[i]! / 2 ** 20) };
    yield { ph: "C", name: `rank ${rank} memory (MiB)`, pid, ts, args: memory };
    const passed = Math.max(at[i]! - (i === 0 ? joinedAt : at[i - 1]!), 1e-3);
    yield { ph: "C", name: `rank ${rank} CPUs`, pid, ts, args: { used: round(cpuMs[i]! / passed) } };
  }
}

/** Numbers of the arrows of messages: each arrow has one beginning and one end. */
class FlowIds {
  readonly #matches: MessageMatches;
  /** By rank: the number of its first event among those of all ranks. */
  readonly #first: number[] = [];
  readonly #ranks: readonly RankEvents[];

  constructor(ranks: readonly RankEvents[], matches: MessageMatches) {
    this.#ranks = ranks;
    this.#matches = matches;
    let first = 1;
    for (const { length } of ranks) {
      this.#first.push(first);
      first += length;
    }
  }

  /** The arrow that begins or ends at an event; undefined if none does. */
  of({ rank, recording }: RankEvents, i: number): Pick<TraceEvent, "ph" | "id" | "name" | "cat" | "bp"> | undefined {
    const other = recording.events.peer[i]!;
    const receive = this.#matches.receiveOf[rank]![i]!;
    if (receive >= 0)
      return this.#isForward(rank, i, other, receive) ? { ...arrow, ph: "s", id: this.#id(rank, i) } : undefined;
    const send = this.#matches.sendOf[rank]![i]!;
    // Of a probe and a receive of one message, the arrow ends at the first.
    if (send < 0 || this.#matches.receiveOf[other]![send] !== i || !this.#isForward(other, send, rank, i))
      return undefined;
    return { ...arrow, ph: "f", bp: "e", id: this.#id(other, send) };
  }

  /** Clocks that are not quite aligned can let a message arrive before it was sent: no arrow. */
  #isForward(source: number, send: number, dest: number, receive: number): boolean {
    const receiver = this.#ranks[dest]!;
    return this.#ranks[source]!.recording.events.began[send]! <= endAt(receiver, receive);
  }

  #id(rank: number, event: number): number {
    return this.#first[rank]! + event;
  }
}

const arrow = { name: "message", cat: "message" } as const;

/** In microseconds. No time is before the beginning of the run, whatever clocks say. */
function times(began: number, end: number): { ts: number; dur: number } {
  const ts = micros(began);
  return { ts, dur: round(Math.max(0, micros(end) - ts)) };
}

function micros(ms: number): number {
  return round(Math.max(0, ms) * 1000);
}

/** To nanoseconds, where the value is in microseconds. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
