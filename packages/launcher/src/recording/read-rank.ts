import {
  binCount,
  binKinds,
  type EventColumns,
  head,
  lastEvents,
  mostPending,
  peerWords,
  pendingWords,
  phaseWords,
  type RecordingMemory,
  readMemory,
  recordedOperations,
  sampleWords,
  sumWords,
} from "@tsmpi/core/bootstrap";
import type {
  CallEvents,
  CallSums,
  PhaseTimes,
  RankRecording,
  Samples,
  SentTo,
  TimeBins,
  Topology,
} from "./recording.ts";

/**
 * Reads the memory of a rank's recording (`recording/layout.ts` of the core package); undefined if the rank has not begun one.
 *
 * @param toRun the time of the run at a time of the host's clock
 */
export function readRank(
  bytes: Uint8Array,
  host: string,
  toRun: (hostMs: number) => number,
): RankRecording | undefined {
  const memory = readMemory(bytes);
  if (memory === undefined) return undefined;
  const { header } = memory;
  const clock = header[head.clock]!;
  const at = (ms: number): number => toRun(ms + clock);
  const { sites, phases: phaseNames, spans, notes, topologies } = readText(memory);
  const pending = readPending(memory);
  const last = pending.at(-1);
  const sums = readSums(memory);
  const lastSums = last && sums[last.sums];
  return {
    rank: header[head.rank]!,
    host,
    joinedAt: at(header[head.joinedAt]!),
    leftAt: at(header[head.leftAt]!),
    complete: header[head.complete] === 1,
    sites,
    phases: readPhases(memory, phaseNames),
    sums,
    sent: readSent(memory),
    events: readEvents(memory, pending, at),
    keeps: header[head.keeps]!,
    bins: readBins(memory, at),
    samples: readSamples(memory, at),
    gc: { count: header[head.gcCount]!, ms: header[head.gcMs]! },
    phaseSpans: spans.map(([phase, began, ms]) => [phase, at(began), ms]),
    notes,
    topologies,
    ...(lastSums && {
      lastCall: {
        operation: lastSums.operation,
        site: sites[lastSums.site] ?? "",
        began: at(last!.began),
        ...(last!.peer >= 0 && { peer: last!.peer }),
      },
    }),
  };
}

/** The line of the program behind `tsmpi map`, which is not the user's. */
const programOfMap = /^.*\/map-program\.js:\d+$/;

type Span = NonNullable<RankRecording["phaseSpans"]>[number];
type Line =
  | { site: string }
  | { phase: string }
  | { span: Span }
  | { note: string }
  | (Omit<Topology, "kind"> & { topology: Topology["kind"] });

interface Text {
  sites: string[];
  phases: string[];
  spans: Span[];
  notes: string[];
  topologies: Topology[];
}

function readText({ header, text }: RecordingMemory): Text {
  const found: Text = { sites: [""], phases: [""], spans: [], notes: [], topologies: [] };
  const lines = Buffer.from(text.buffer, text.byteOffset, header[head.textBytes]!).toString().split("\n");
  for (const line of lines.filter(Boolean).map((each) => JSON.parse(each) as Line)) {
    if ("site" in line) found.sites.push(line.site.replace(programOfMap, "tsmpi map"));
    else if ("phase" in line) found.phases.push(line.phase);
    else if ("span" in line) found.spans.push(line.span);
    else if ("note" in line) found.notes.push(line.note);
    else {
      const { topology: kind, ...rest } = line;
      found.topologies.push({ kind, ...rest });
    }
  }
  return found;
}

function readPhases({ header, phases }: RecordingMemory, names: readonly string[]): PhaseTimes[] {
  const open = header[head.phase]!;
  const rest = Math.max(0, header[head.leftAt]! - header[head.phaseSince]!);
  return names.map((name, i) => ({
    name,
    ms: phases[i * phaseWords]! + (i === open ? rest : 0),
    inCallsMs: phases[i * phaseWords + 1]!,
  }));
}

function readSums({ header, sums }: RecordingMemory): CallSums[] {
  return Array.from({ length: header[head.sumCount]! }, (_, i) => {
    const [phase, operation, site, calls, ms, longestMs, bytes] = sums.subarray(i * sumWords);
    return {
      phase: phase!,
      operation: recordedOperations[operation!] ?? "?",
      site: site!,
      calls: calls!,
      ms: ms!,
      longestMs: longestMs!,
      bytes: bytes!,
    };
  });
}

function readSent({ peers }: RecordingMemory): SentTo[] {
  const found: SentTo[] = [];
  for (let rank = 0; rank * peerWords < peers.length; rank++) {
    const [messages, bytes, innerMessages, innerBytes] = peers.subarray(rank * peerWords);
    if (messages! + innerMessages! === 0) continue;
    found.push({ rank, messages: messages!, bytes: bytes!, innerMessages: innerMessages!, innerBytes: innerBytes! });
  }
  return found;
}

interface Pending {
  began: number;
  sums: number;
  peer: number;
  context: number;
  key: number;
  tag: number;
}

/** The calls that had not ended, the latest last. */
function readPending({ pending }: RecordingMemory): Pending[] {
  const found: Pending[] = [];
  for (let slot = 0; slot < mostPending; slot++) {
    const [began, sums, peer, context, key, tag] = pending.subarray(slot * pendingWords);
    if (began! > 0) found.push({ began: began!, sums: sums!, peer: peer!, context: context!, key: key!, tag: tag! });
  }
  return found.sort((a, b) => a.began - b.began);
}

/** Joins the table, the ring and the pending calls, in the order of their beginnings. */
function readEvents(
  { header, events, last }: RecordingMemory,
  pending: Pending[],
  at: (ms: number) => number,
): CallEvents {
  const inTable = header[head.eventCount]!;
  const inRing = Math.min(lastEvents, header[head.recorded]!);
  const places: { from: EventColumns; i: number; began: number }[] = [];
  for (let i = 0; i < inTable; i++) places.push({ from: events, i, began: events.began[i]! });
  for (let i = 0; i < inRing; i++) places.push({ from: last, i, began: last.began[i]! });
  places.sort((a, b) => a.began - b.began);
  const columns = emptyEvents(places.length + pending.length);
  for (const [k, { from, i, began }] of places.entries()) {
    columns.began[k] = at(began);
    columns.ms[k] = from.ms[i]!;
    columns.sums[k] = from.sums[i]!;
    columns.peer[k] = from.peer[i]!;
    columns.bytes[k] = from.bytes[i]!;
    columns.tag[k] = from.tag[i]!;
    columns.context[k] = from.context[i]!;
    columns.key[k] = from.key[i]!;
  }
  for (const [i, { began, sums, peer, context, key, tag }] of pending.entries()) {
    const k = places.length + i;
    columns.began[k] = at(began);
    columns.ms[k] = Number.NaN;
    columns.sums[k] = sums;
    columns.peer[k] = peer;
    columns.tag[k] = tag;
    columns.context[k] = context;
    columns.key[k] = key;
  }
  return columns;
}

function emptyEvents(count: number): CallEvents {
  return {
    began: new Float64Array(count),
    ms: new Float64Array(count),
    sums: new Uint32Array(count),
    peer: new Int32Array(count),
    bytes: new Float64Array(count),
    tag: new Int32Array(count),
    context: new Uint32Array(count),
    key: new Uint32Array(count),
  };
}

function readBins({ header, bins }: RecordingMemory, at: (ms: number) => number): TimeBins {
  const ms = header[head.binMs]!;
  const began = header[head.binsBegan]!;
  const count = Math.min(binCount, Math.ceil((header[head.leftAt]! - began) / ms) || 1);
  const column = (kind: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => bins[i * binKinds + kind]!);
  return { began: at(began), ms, messages: column(0), collectives: column(1), maps: column(2), tasks: column(3) };
}

function readSamples({ header, samples }: RecordingMemory, at: (ms: number) => number): Samples {
  const count = header[head.sampleCount]!;
  const column = (word: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => samples[i * sampleWords + word]!);
  return {
    at: column(0).map(at),
    rssBytes: column(1),
    heapBytes: column(2),
    cpuMs: column(3),
    stallMs: column(4),
  };
}

/** A rank that has not recorded anything. */
export function noRecording(rank: number, host: string): RankRecording {
  return {
    rank,
    host,
    joinedAt: 0,
    leftAt: 0,
    complete: false,
    sites: [""],
    phases: [{ name: "", ms: 0, inCallsMs: 0 }],
    sums: [],
    sent: [],
    events: emptyEvents(0),
    keeps: 1,
    bins: {
      began: 0,
      ms: 1,
      messages: new Float32Array(0),
      collectives: new Float32Array(0),
      maps: new Float32Array(0),
      tasks: new Float32Array(0),
    },
    samples: {
      at: new Float64Array(0),
      rssBytes: new Float64Array(0),
      heapBytes: new Float64Array(0),
      cpuMs: new Float64Array(0),
      stallMs: new Float64Array(0),
    },
    gc: { count: 0, ms: 0 },
    topologies: [],
  };
}
