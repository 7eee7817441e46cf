import { constants } from "node:fs";
import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { MpiError } from "../calls/errors.ts";
import { kindOf } from "../calls/typed-array.ts";
import { contentOf } from "../files/content.ts";
import { LocalFile } from "../files/local-file.ts";
import { encode, type Parcel } from "../wire/codec/codec.ts";
import { Checksums, hex, stretchBytes, stretchesOf } from "./checksums.ts";
import { Damage } from "./damage.ts";
import type { DistributedArray } from "./distributed.ts";
import { takeApart } from "./state.ts";

/*
 * What one rank has saved.
 *
 *  0       8     12       16      20                 data
 *  ┌───────┬─────┬────────┬───────┬──────────────────┬──────────┬─────────┬─────────┬───────────┐
 *  │ magic │ CRC │ format │ data  │ index, as JSON   │ the rest │ array 0 │ array 1 │ checksums │
 *  └───────┴─────┴────────┴───────┴──────────────────┴──────────┴─────────┴─────────┴───────────┘
 *          └────►│ of these bytes ................... │   area 0    area 1    area 2   4 bytes for each
 *                                                                                     stretch of 1 MiB
 *
 * - Numbers are little-endian. `data` is where the areas begin; the index is filled up with blanks.
 * - The rest is the state without its distributed arrays, as it travels between ranks: the head of the parcel, then its attachments,
 *   which are the bytes of typed arrays. The index has their lengths.
 * - A distributed array is its elements. The index says which region of which array they are.
 * - The index has the checksum of the checksums, so that the one of the header covers each byte of the file; the manifest has that one.
 * - The header is written last: a file without one was not finished.
 */
const magic = Buffer.from("TSMPIck\n", "latin1");
export const format = 1;
const indexAt = 20;

/** A distributed array within a part. */
export interface StoredArray {
  readonly name: string;
  /** The class of its elements. */
  readonly kind: string;
  readonly shape: readonly number[];
  readonly start: readonly number[];
  readonly size: readonly number[];
  readonly bytes: number;
}

/** The index of a part. */
export interface Index {
  /** The number of the save, by chance: parts of different saves have different ones. */
  readonly id: string;
  readonly rank: number;
  readonly size: number;
  readonly step: number;
  /** Bytes of the rest's head and attachments. */
  readonly rest: readonly number[];
  readonly arrays: readonly StoredArray[];
  /** Checksum of the rest, where there are arrays: says whether it is the same on two ranks. */
  readonly restSum: string;
  /** Checksum of the checksums. */
  readonly sums: string;
}

/** What a manifest knows of a part. */
export interface PartSeal {
  readonly bytes: number;
  /** The checksum in its header. */
  readonly sum: string;
}

/** A state, ready to be written. */
export interface Contents {
  readonly rest: Parcel;
  readonly arrays: ReadonlyMap<string, DistributedArray>;
}

/** @throws MpiError `unserializable`, `invalid-argument` */
export function contentsOf(state: unknown): Contents {
  const { rest, arrays } = takeApart(state);
  const { head, attachments } = encode(rest);
  return { rest: { head, attachments }, arrays };
}

/** Which save a part belongs to. */
export interface Origin {
  readonly id: string;
  readonly rank: number;
  readonly size: number;
  readonly step: number;
}

/** Bytes that are written or read at once: stretches, and not so few that calls take time. */
const sliceBytes = 8 * stretchBytes;
/** Shorter pieces are brought together. */
const smallBytes = 256 * 1024;

/** Writes the part of one rank. It is on the disk when this resolves. */
export async function writePart(path: string, origin: Origin, { rest, arrays }: Contents): Promise<PartSeal> {
  const pieces = [rest.head, ...rest.attachments];
  const stored = [...arrays].map(([name, array]) => storedOf(name, array));
  const { id, rank, size, step } = origin;
  const index = { id, rank, size, step, rest: pieces.map((piece) => piece.length), arrays: stored };
  const restSum = hex(stored.length === 0 ? 0 : pieces.reduce((crc, piece) => crc32(piece, crc), 0));
  const dataAt = headerBytes({ ...index, restSum, sums: hex(0) }).length;
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await LocalFile.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o666);
  try {
    const writer = new Writer(file, dataAt);
    await writer.area(sum(index.rest));
    for (const piece of pieces) await writer.append(piece.length, (from, until) => piece.subarray(from, until));
    for (const { array } of arrays.values()) {
      const content = contentOf(array);
      await writer.area(content.bytes);
      await writer.append(content.bytes, (from, until) => content.take(from, until));
    }
    const table = await writer.finish();
    const header = headerBytes({ ...index, restSum, sums: hex(crc32(table)) });
    await file.write(header, 0);
    await file.sync();
    return { bytes: writer.at, sum: hex(header.readUInt32LE(magic.length)) };
  } finally {
    await file.close();
  }
}

function storedOf(name: string, { whole, array, shape, start, size }: DistributedArray): StoredArray {
  return { name, kind: kindOf(whole), shape, start, size, bytes: array.length * whole.BYTES_PER_ELEMENT };
}

function headerBytes(index: Index): Buffer {
  const text = Buffer.from(JSON.stringify(index));
  const header = Buffer.alloc(Math.ceil((indexAt + text.length) / 64) * 64, " ");
  magic.copy(header);
  header.writeUInt32LE(format, 12);
  header.writeUInt32LE(header.length, 16);
  text.copy(header, indexAt);
  header.writeUInt32LE(crc32(header.subarray(12)), magic.length);
  return header;
}

/** Writes areas one after the other. While a slice is written, by another thread, the next one's checksum is made. */
class Writer {
  /** Where the next bytes go. */
  at: number;
  readonly #file: LocalFile;
  readonly #sums: number[] = [];
  #checksums: Checksums = new Checksums(0);
  /** Short pieces, to be written together. */
  #small: Buffer = Buffer.allocUnsafe(0);
  #filled = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(file: LocalFile, at: number) {
    this.#file = file;
    this.at = at;
  }

  /** Begins an area of so many bytes. */
  async area(bytes: number): Promise<void> {
    this.#sums.push(...this.#checksums.done);
    this.#checksums = new Checksums(bytes);
  }

  async append(bytes: number, take: (from: number, until: number) => Uint8Array): Promise<void> {
    if (bytes < smallBytes) {
      if (this.#filled + bytes > this.#small.length) await this.#flush();
      if (this.#small.length === 0) this.#small = Buffer.allocUnsafeSlow(stretchBytes);
      const piece = take(0, bytes);
      this.#checksums.add(piece);
      this.#small.set(piece, this.#filled);
      this.#filled += bytes;
      return;
    }
    await this.#flush();
    for (let from = 0; from < bytes; from += sliceBytes) {
      const slice = take(from, Math.min(bytes, from + sliceBytes));
      this.#checksums.add(slice);
      await this.#write(slice);
    }
  }

  /** Writes the checksums behind all areas, and gives them. */
  async finish(): Promise<Buffer> {
    await this.area(0);
    await this.#flush();
    const table = Buffer.alloc(4 * this.#sums.length);
    for (const [i, crc] of this.#sums.entries()) table.writeUInt32LE(crc, 4 * i);
    await this.#write(table);
    await this.#underWay;
    return table;
  }

  async #flush(): Promise<void> {
    const bytes = this.#small.subarray(0, this.#filled);
    this.#small = Buffer.allocUnsafe(0); // what is under way keeps its memory
    this.#filled = 0;
    if (bytes.length > 0) await this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#underWay;
    this.#underWay = this.#file.write(bytes, this.at);
    this.#underWay.catch(() => {}); // whoever awaits it next hears of it
    this.at += bytes.length;
  }
}

/** Where an area lies, and the first of its checksums. */
interface Area {
  readonly at: number;
  readonly bytes: number;
  readonly firstSum: number;
}

/** The part of one rank, opened for reading. What it gives has been compared with its checksums. */
export class PartFile {
  readonly index: Index;
  readonly #name: string;
  readonly #file: LocalFile;
  readonly #areas: readonly Area[];
  readonly #table: Buffer;

  private constructor(file: LocalFile, name: string, index: Index, areas: readonly Area[], table: Buffer) {
    this.#file = file;
    this.#name = name;
    this.index = index;
    this.#areas = areas;
    this.#table = table;
  }

  /**
   * Opens a part, and checks that it is the one of this save.
   * @throws Damage
   */
  static async open(path: string, origin: Origin, seal: PartSeal): Promise<PartFile> {
    const name = basename(path);
    const file = await LocalFile.open(path, constants.O_RDONLY);
    try {
      const size = await file.size();
      if (size < indexAt) throw new Damage(`${name} is cut off: it has ${size} of ${seal.bytes} bytes`);
      const header = await readHeader(file, name, size);
      const index = indexIn(header, name);
      if (
        index.id !== origin.id ||
        index.rank !== origin.rank ||
        index.size !== origin.size ||
        index.step !== origin.step
      ) {
        throw new Damage(
          `${name} belongs to another save: rank ${index.rank} of ${index.size}, step ${index.step}, ${index.id}`,
        );
      }
      if (size !== seal.bytes) throw new Damage(`${name} has ${size} bytes, but ${seal.bytes} were written`);
      if (hex(header.readUInt32LE(magic.length)) !== seal.sum)
        throw new Damage(`${name} is not the file that was saved`);
      const areas = areasOf(index, header.length);
      const last = areas.at(-1) as Area;
      const table = Buffer.alloc(4 * (last.firstSum + stretchesOf(last.bytes)));
      if (last.at + last.bytes + table.length !== size) throw new Damage(`${name}: its index does not fit its length`);
      await file.read(table, last.at + last.bytes);
      if (hex(crc32(table)) !== index.sums) throw new Damage(`${name}: its checksums have changed`);
      return new PartFile(file, name, index, areas, table);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads the state without its distributed arrays. */
  async rest(): Promise<Parcel> {
    const area = this.#areas[0] as Area;
    const reader = new AreaReader(this, area);
    const pieces: Uint8Array[] = [];
    const lengths = this.index.rest;
    for (let i = 0; i < lengths.length; ) {
      if ((lengths[i] as number) >= smallBytes) {
        const piece = Buffer.allocUnsafeSlow(lengths[i++] as number);
        await reader.fill(piece);
        pieces.push(piece);
        continue;
      }
      // Short pieces are read together; each then has memory of its own, where any kind of array may lie.
      const first = i;
      let bytes = 0;
      for (; i < lengths.length && (lengths[i] as number) < smallBytes && bytes < stretchBytes; i++)
        bytes += lengths[i] as number;
      const together = Buffer.allocUnsafeSlow(bytes);
      await reader.fill(together);
      let at = 0;
      for (const length of lengths.slice(first, i)) {
        pieces.push(new Uint8Array(together.subarray(at, at + length)));
        at += length;
      }
    }
    const [head = new Uint8Array(0), ...attachments] = pieces;
    return { head, attachments };
  }

  /** Reads all elements of a distributed array. */
  async array(number: number, into: Uint8Array): Promise<void> {
    await new AreaReader(this, this.#areas[number + 1] as Area).fill(into);
  }

  /** Reads one stretch of a distributed array. */
  async stretch(number: number, stretch: number): Promise<Uint8Array> {
    const area = this.#areas[number + 1] as Area;
    const from = stretch * stretchBytes;
    const bytes = Buffer.allocUnsafeSlow(Math.min(area.bytes - from, stretchBytes));
    await this.read(bytes, area.at + from);
    this.check(area, stretch, crc32(bytes));
    return bytes;
  }

  async read(into: Uint8Array, position: number): Promise<void> {
    await readWhole(this.#file, this.#name, into, position);
  }

  /** Compares the checksum of a stretch. */
  check(area: Area, stretch: number, crc: number): void {
    if (this.#table.readUInt32LE(4 * (area.firstSum + stretch)) === crc) return;
    const from = area.at + stretch * stretchBytes;
    const until = Math.min(area.at + area.bytes, from + stretchBytes);
    throw new Damage(`${this.#name}: the bytes ${from} to ${until} have changed: their checksum is wrong`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Reads an area from its beginning on. While a slice is read, by another thread, the one before is checked. */
class AreaReader {
  readonly #part: PartFile;
  readonly #area: Area;
  readonly #checksums: Checksums;
  #at = 0;
  #checked = 0;

  constructor(part: PartFile, area: Area) {
    this.#part = part;
    this.#area = area;
    this.#checksums = new Checksums(area.bytes);
  }

  /** Fills memory with the next bytes. They are checked when the end of the area has been read. */
  async fill(into: Uint8Array): Promise<void> {
    let before = into.subarray(0, 0);
    for (let from = 0; from < into.length; from += sliceBytes) {
      const slice = into.subarray(from, from + sliceBytes);
      const reading = this.#part.read(slice, this.#area.at + this.#at);
      reading.catch(() => {}); // heard of below
      this.#at += slice.length;
      this.#check(before);
      await reading;
      before = slice;
    }
    this.#check(before);
  }

  #check(bytes: Uint8Array): void {
    this.#checksums.add(bytes);
    const { done } = this.#checksums;
    for (; this.#checked < done.length; this.#checked++)
      this.#part.check(this.#area, this.#checked, done[this.#checked] as number);
  }
}

async function readHeader(file: LocalFile, name: string, size: number): Promise<Buffer> {
  const start = Buffer.alloc(indexAt);
  await readWhole(file, name, start, 0);
  if (!start.subarray(0, magic.length).equals(magic))
    throw new Damage(`${name} does not begin as a part of a checkpoint`);
  const bytes = start.readUInt32LE(16);
  if (bytes < indexAt || bytes > size) throw new Damage(`${name}: its header has changed`);
  const header = Buffer.alloc(bytes);
  await readWhole(file, name, header, 0);
  if (crc32(header.subarray(12)) !== header.readUInt32LE(magic.length))
    throw new Damage(`${name}: its header has changed`);
  return header;
}

function indexIn(header: Buffer, name: string): Index {
  const version = header.readUInt32LE(12);
  if (version !== format) throw unknownFormat(name, version);
  return JSON.parse(header.toString("utf8", indexAt)) as Index;
}

/** No damage: a newer program may read it. */
export function unknownFormat(name: string, version: unknown): MpiError {
  return new MpiError(
    "io",
    `${name} has format ${version}, but this version of tsmpi reads format ${format}: load it with the version that saved it`,
  );
}

async function readWhole(file: LocalFile, name: string, into: Uint8Array, position: number): Promise<void> {
  try {
    await file.read(into, position);
  } catch (error) {
    if (error instanceof MpiError && error.code === "io") throw new Damage(`${name} is cut off: ${error.message}`);
    throw error;
  }
}

function areasOf({ rest, arrays }: Index, dataAt: number): Area[] {
  let at = dataAt;
  let firstSum = 0;
  return [sum(rest), ...arrays.map(({ bytes }) => bytes)].map((bytes) => {
    const area = { at, bytes, firstSum };
    at += bytes;
    firstSum += stretchesOf(bytes);
    return area;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
