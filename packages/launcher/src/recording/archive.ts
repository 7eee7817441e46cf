import { createReadStream, createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { LaunchError, reasonOf } from "../errors/launch-error.ts";
import { ByteReader } from "./byte-reader.ts";
import type { CallEvents, RankRecording, RunRecording, Samples, TimeBins } from "./recording.ts";

/**
 * The form of a `.tsrec` file, compressed by gzip: a line `tsmpi recording 1 <bytes of the header>`, the header as JSON, then
 * for each rank its columns in the order of {@link columnsOf}, little-endian, and at the end a line `end`. The header is
 * the recording with the length of each column instead of the column.
 */
const format = 1;
const magic = "tsmpi recording";
const endMark = "end\n";
const longestFirstLine = 64;

type Column = Float64Array | Float32Array | Uint32Array | Int32Array;

/** Columns in the file are parts of at most so many bytes, so that none has to be compressed as a whole. */
const partBytes = 1 << 20;

/**
 * Writes a recording to a file.
 *
 * @throws Error if it cannot be written.
 */
export async function writeRecording(recording: RunRecording, path: string): Promise<void> {
  await pipeline(Readable.from(partsOf(recording)), createGzip({ level: 4 }), createWriteStream(path));
}

/**
 * Reads a recording from a file.
 *
 * @throws LaunchError if the file cannot be read, is no recording, is cut off or damaged, or is of another format.
 */
export async function readRecording(path: string): Promise<RunRecording> {
  const file = createReadStream(path);
  const plain = createGunzip();
  const piped = pipeline(file, plain).catch(() => {});
  const reader = new ByteReader(plain);
  try {
    return await readAll(reader, path);
  } catch (error) {
    throw error instanceof LaunchError ? error : readFailure(error as NodeJS.ErrnoException, path, reader);
  } finally {
    plain.destroy();
    file.destroy();
    await piped;
  }
}

function readFailure(error: NodeJS.ErrnoException, path: string, { total }: ByteReader): LaunchError {
  if (error.syscall !== undefined) return new LaunchError(`${path}: ${reasonOf(error)}`);
  if (error.code === "Z_BUF_ERROR" || error.code === ByteReader.endOfData) return cutOff(path);
  // Without gzip's own mark at the beginning nothing is decompressed at all.
  return total === 0 ? noRecording(path) : new LaunchError(`${path}: the recording is damaged: ${error.message}`);
}

async function readAll(reader: ByteReader, path: string): Promise<RunRecording> {
  const bytes = headerBytes(await reader.line(longestFirstLine), path);
  const header = JSON.parse(Buffer.from(await reader.take(bytes)).toString()) as RunRecording;
  const ranks: RankRecording[] = [];
  for (const rank of header.ranks) ranks.push(await withColumns(rank, reader));
  const mark = Buffer.from(await reader.take(endMark.length)).toString();
  if (mark !== endMark || !(await reader.isAtEnd()))
    throw new LaunchError(`${path}: the recording is damaged: its end is missing`);
  return { ...header, ranks };
}

/** The header's length from the first line of the file. */
function headerBytes(line: string | undefined, path: string): number {
  const [, found, bytes] = /^tsmpi recording (\d+) (\d+)$/.exec(line ?? "") ?? [];
  if (found === undefined) throw noRecording(path);
  if (Number(found) === format) return Number(bytes);
  const newer = Number(found) > format ? "; a newer tsmpi wrote it" : "";
  throw new LaunchError(`${path}: the recording has format ${found}, this tsmpi reads format ${format}${newer}`);
}

function noRecording(path: string): LaunchError {
  return new LaunchError(`${path}: this is no recording of tsmpi (tsmpi run --record makes one)`);
}

function cutOff(path: string): LaunchError {
  return new LaunchError(`${path}: the recording is cut off: the file was not written or copied to its end`);
}

function* partsOf(recording: RunRecording): Generator<Uint8Array> {
  const ranks = recording.ranks.map((rank) => ({
    ...rank,
    events: lengthsOf(rank.events),
    bins: lengthsOf(rank.bins),
    samples: lengthsOf(rank.samples),
  }));
  const header = Buffer.from(JSON.stringify({ ...recording, ranks }));
  yield Buffer.from(`${magic} ${format} ${header.length}\n`);
  yield header;
  for (const rank of recording.ranks) {
    for (const column of columnsOf(rank)) yield* partsOfColumn(column);
  }
  yield Buffer.from(endMark);
}

function* partsOfColumn(column: Column): Generator<Uint8Array> {
  for (let at = 0; at < column.byteLength; at += partBytes) {
    const length = Math.min(partBytes, column.byteLength - at);
    yield new Uint8Array(column.buffer, column.byteOffset + at, length);
  }
}

/** A table with the length of each column in its place. */
function lengthsOf(table: CallEvents | TimeBins | Samples): Record<string, number> {
  const entries = Object.entries(table) as [string, Column | number][];
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "number" ? value : value.length]));
}

function columnsOf({ events, bins, samples }: Pick<RankRecording, "events" | "bins" | "samples">): Column[] {
  return [
    ...[events.began, events.ms, events.sums, events.peer, events.bytes, events.tag, events.context, events.key],
    ...[bins.messages, bins.collectives, bins.maps, bins.tasks],
    ...[samples.at, samples.rssBytes, samples.heapBytes, samples.cpuMs, samples.stallMs],
  ];
}

/** A rank of the header, whose columns are lengths, with its columns from the file. */
async function withColumns(rank: RankRecording, reader: ByteReader): Promise<RankRecording> {
  const { events, bins, samples } = rank as unknown as Record<string, Record<string, number>>;
  const filled: RankRecording = {
    ...rank,
    events: {
      began: new Float64Array(events!["began"]!),
      ms: new Float64Array(events!["ms"]!),
      sums: new Uint32Array(events!["sums"]!),
      peer: new Int32Array(events!["peer"]!),
      bytes: new Float64Array(events!["bytes"]!),
      tag: new Int32Array(events!["tag"]!),
      context: new Uint32Array(events!["context"]!),
      key: new Uint32Array(events!["key"]!),
    },
    bins: {
      began: bins!["began"]!,
      ms: bins!["ms"]!,
      messages: new Float32Array(bins!["messages"]!),
      collectives: new Float32Array(bins!["collectives"]!),
      maps: new Float32Array(bins!["maps"]!),
      tasks: new Float32Array(bins!["tasks"]!),
    },
    samples: {
      at: new Float64Array(samples!["at"]!),
      rssBytes: new Float64Array(samples!["rssBytes"]!),
      heapBytes: new Float64Array(samples!["heapBytes"]!),
      cpuMs: new Float64Array(samples!["cpuMs"]!),
      stallMs: new Float64Array(samples!["stallMs"]!),
    },
  };
  for (const { buffer, byteOffset, byteLength } of columnsOf(filled)) {
    await reader.fill(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return filled;
}
