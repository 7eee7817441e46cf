import { open } from "node:fs/promises";
import { invalid, show } from "../calls/check.ts";
import { checkOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import { fill } from "../calls/into.ts";
import type { CallOptions } from "../calls/options.ts";
import { type ArrayOrBlock, Block, dense, type Elements } from "../calls/regions/block.ts";
import { Layout, type Region } from "../calls/regions/layout.ts";
import { emptyLike, isTypedArray, kindOf, type TypedArray } from "../calls/typed-array.ts";
import {
  decodeHeader,
  elementBytes,
  encodeHeader,
  headerBytes,
  isSwapped,
  type NpyHeader,
  prefixBytes,
  swapBytes,
  transposed,
  widenHalves,
} from "../files/npy-header.ts";
import type { Communicator } from "./api/communicator.ts";

export type { NpyHeader } from "../files/npy-header.ts";

/** Options of `writeNpy`. */
export interface WriteNpyOptions extends CallOptions {
  /** Extents of the whole array; the same on all ranks. */
  shape: readonly number[];
  /** Where this rank's part begins; default 0 in each dimension. */
  start?: readonly number[] | undefined;
  /**
   * Extents of this rank's part. Default: those of the block; for an array: whole in all dimensions but the first, and as long in
   * that one as the array has elements for.
   */
  size?: readonly number[] | undefined;
  /** Write with the first dimension running fastest, as Fortran does; default false. */
  fortranOrder?: boolean | undefined;
  /** Whether it is on the disk before it appears; default true, see `openFile`. */
  durable?: boolean | undefined;
}

/** Options of `readNpy`. */
export interface ReadNpyOptions extends CallOptions {
  /** Takes the elements, in place of a new array: of the kind that `readNpyHeader` tells. */
  into?: ArrayOrBlock | undefined;
  /** Where this rank's part begins; default 0 in each dimension. */
  start?: readonly number[] | undefined;
  /** Extents of this rank's part; default: the rest from `start` on. */
  size?: readonly number[] | undefined;
}

/** One rank's part, and what has to be equal on all ranks. */
interface Part {
  readonly same: string;
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/**
 * Writes an array whose parts the ranks have as one `.npy` file, which NumPy reads with `np.load`. Collective. The file appears
 * whole under its name when all ranks have written. Elements that no rank has are zeros.
 *
 * ```ts
 * const mine = new Float64Array(2 * 6).fill(world.rank); // 2 of 8 rows
 * await writeNpy(world, "field.npy", mine, { shape: [8, 6], start: [2 * world.rank, 0] });
 * ```
 * @param world the communicator whose ranks write
 * @param path name of the file; the same on all ranks
 * @param mine this rank's part row by row (the last dimension running fastest, also for `fortranOrder`), or a block
 * @param options `shape`; `start`, `size`, `fortranOrder`, `signal`
 * @throws MpiError on all ranks: `invalid-argument` where a part is outside the shape, has another number of elements, or overlaps
 * that of another rank; `mismatch` for different shapes or kinds; `io`
 */
export async function writeNpy(
  world: Communicator,
  path: string,
  mine: ArrayOrBlock,
  options: WriteNpyOptions,
): Promise<void> {
  const { signal } = options;
  const own = await attempted(() => partOf(mine, options));
  const parts = await agreed(world, `writeNpy(${show(path)})`, own, signal);
  const { shape, fortranOrder = false, durable } = options;
  checkParts(parts, shape, path);
  const { start, size } = parts[world.rank] as Part;
  const header = encodeHeader(arrayOf(mine), shape, fortranOrder);
  await using file = await world.openFile(path, { flags: "w", durable, signal });
  await file.truncate(header.length + shape.reduce(times, 1) * arrayOf(mine).BYTES_PER_ELEMENT, { signal });
  await file.writeAtAll(world.rank === 0 ? header : new Uint8Array(0), { offset: 0, signal });
  const turned = fortranOrder ? transposed(dense(mine as Elements), size) : mine;
  const order = (list: readonly number[]): readonly number[] => inFile(list, fortranOrder);
  const view = viewOf(order(shape), order(start), order(size));
  await file.writeAtAll(turned, { offset: header.length, ...view, signal });
  await file.close();
}

/**
 * Reads a part of the array in a `.npy` file, on each rank its own. Collective. Gives the elements row by row, whatever the order
 * in the file, in the machine's byte order. Booleans are 0 and 1; complex numbers are pairs, a last dimension of 2 more.
 *
 * ```ts
 * await writeNpy(world, "ranks.npy", Int32Array.of(world.rank), { shape: [4], start: [world.rank] });
 * const next = await readNpy(world, "ranks.npy", { start: [(world.rank + 1) % 4], size: [1] });
 * ```
 * @param world the communicator whose ranks read
 * @param path name of the file
 * @param options `start` and `size` in elements of the array, without the last dimension of complex numbers; `into`; `signal`
 * @returns a typed array of the kind that {@link readNpyHeader} tells; 16-bit floats as a Float32Array in a Node without Float16Array
 * @throws MpiError on all ranks: `io` for a file that is no `.npy` file or has elements that are no numbers; `invalid-argument` for
 * a part outside its shape
 */
export async function readNpy<A extends ArrayOrBlock = TypedArray>(
  world: Communicator,
  path: string,
  options: ReadNpyOptions = {},
): Promise<A> {
  const { start, size, into, signal } = options;
  const call = `readNpy(${show(path)})`;
  await using file = await world.openFile(path, { signal });
  const first = await attempted(async () => {
    checkOptions(knownOptions.readNpy, options);
    if (world.rank !== 0) return undefined;
    const bytes = await file.size();
    const prefix = await file.readAt({ offset: 0, count: Math.min(bytes, prefixBytes) });
    return decodeHeader(await file.readAt({ offset: 0, count: Math.min(bytes, headerBytes(prefix)) }));
  });
  const header = (await agreed(world, call, first, signal))[0] as NpyHeader;
  const wanted = await attempted(() => {
    const { shape } = header;
    const region = { start: start ?? shape.map(() => 0), ...(size === undefined ? {} : { size }) };
    if (shape.length === 0) return { start: [], size: [] };
    return new Layout({ shape, ...region });
  });
  await agreed(world, call, "value" in wanted ? { value: undefined } : wanted, signal);
  const part = (wanted as { value: { start: readonly number[]; size: readonly number[] } }).value;
  const elements = await readPart(file, header, part, signal);
  await file.close();
  const result = finished(elements, header, part.size);
  return (into === undefined ? result : fill(into, [result])) as A;
}

/**
 * Reads the header of a `.npy` file. Not collective.
 *
 * ```ts
 * const { shape, kind } = await readNpyHeader("field.npy");
 * ```
 * @param path name of the file
 * @returns `shape`; `kind`, the name of the class of arrays that `readNpy` gives; `fortranOrder`, `complex`, `descr`, `offset`
 * @throws MpiError `io` for a file that cannot be opened or is no `.npy` file of numbers
 */
export async function readNpyHeader(path: string): Promise<NpyHeader> {
  try {
    const file = await open(path, "r");
    try {
      const bytes = async (length: number): Promise<Buffer> => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
        return buffer.subarray(0, bytesRead);
      };
      return decodeHeader(await bytes(headerBytes(await bytes(prefixBytes))));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new MpiError("io", `readNpyHeader(${show(path)}): ${messageOf(error)}`, { cause: error });
  }
}

type File = Awaited<ReturnType<Communicator["openFile"]>>;

/** The elements of a part as they are in the file, halves as words. */
async function readPart(
  file: File,
  { shape, kind, descr, fortranOrder, complex, offset }: NpyHeader,
  { start, size }: { start: readonly number[]; size: readonly number[] },
  signal: AbortSignal | undefined,
): Promise<TypedArray> {
  const pair = complex ? [2] : [];
  const length = [...size, ...pair].reduce(times, 1);
  const kinds = globalThis as unknown as Record<string, (new (length: number) => TypedArray) | undefined>;
  const into = new (kinds[kind] ?? Uint16Array)(length);
  // The pair of a complex number stays together, whatever the order of the dimensions.
  const order = (list: readonly number[], last: readonly number[]): number[] => [
    ...inFile(list, fortranOrder),
    ...last,
  ];
  const view = viewOf(order(shape, pair), order(start, complex ? [0] : []), order(size, pair));
  await file.readAtAll({ offset, into, ...view, signal });
  if (isSwapped(descr)) swapBytes(new Uint8Array(into.buffer), elementBytes(descr));
  return into;
}

/** The elements row by row, as users get them. */
function finished(
  elements: TypedArray,
  { kind, fortranOrder, complex }: NpyHeader,
  size: readonly number[],
): TypedArray {
  const widened = kind === "Float16Array" && elements instanceof Uint16Array ? widenHalves(elements) : elements;
  if (!fortranOrder || size.length < 2) return widened;
  const reversed = size.toReversed();
  if (!complex) return transposed(widened, reversed);
  const parts = [0, 1].map((part) => {
    const half = emptyLike(widened, widened.length / 2);
    for (let i = 0; i < half.length; i++) half[i] = widened[2 * i + part] as number;
    return transposed(half, reversed);
  });
  return widened.map((_: number | bigint, i: number) => parts[i % 2]?.[i >> 1] as never) as TypedArray;
}

/** The dimensions as the file has them: the last one runs fastest there. */
function inFile(list: readonly number[], fortranOrder: boolean): readonly number[] {
  return fortranOrder ? list.toReversed() : list;
}

/** The region of the file; none for a scalar. */
function viewOf(shape: readonly number[], start: readonly number[], size: readonly number[]): { view?: Region } {
  return shape.length === 0 ? {} : { view: { shape, start, size } };
}

function partOf(mine: unknown, options: WriteNpyOptions): Part {
  checkOptions(knownOptions.writeNpy, options);
  const { shape, start = shape?.map(() => 0), fortranOrder = false } = options;
  if (!isTypedArray(mine) && !(mine instanceof Block)) {
    throw invalid(`the part is ${show(mine)}, but it is a typed array or a block`);
  }
  if (typeof fortranOrder !== "boolean")
    throw invalid(`fortranOrder is ${show(fortranOrder)}, but it is true or false`);
  const size = options.size ?? (mine instanceof Block ? mine.size : rowsOf(mine, shape));
  if (shape?.length === 0) {
    if (mine.length > 1) throw invalid(`the shape [] has one element, but the array has ${mine.length}`);
    return { same: "shape []", start: [], size: [] };
  }
  const layout = new Layout({ shape, start, size });
  if (layout.length !== mine.length) {
    throw invalid(`the part [${size.join(", ")}] has ${layout.length} elements, but the array has ${mine.length}`);
  }
  const kind = kindOf(mine instanceof Block ? mine.array : mine);
  const same = `shape [${shape.join(", ")}], ${kind}${fortranOrder ? ", fortranOrder" : ""}`;
  return { same, start: layout.start, size: layout.size };
}

/** As many whole rows as the array has elements for. */
function rowsOf(mine: TypedArray, shape: readonly number[]): readonly number[] {
  const [, ...others] = shape ?? [];
  const row = others.reduce(times, 1);
  return [row === 0 ? 0 : Math.floor(mine.length / row), ...others];
}

function checkParts(parts: readonly Part[], shape: readonly number[], path: string): void {
  const call = `writeNpy(${show(path)})`;
  for (const [rank, part] of parts.entries()) {
    if (part.same !== parts[0]?.same) {
      throw new MpiError("mismatch", `${call}: rank 0 gives ${parts[0]?.same}, rank ${rank} gives ${part.same}`);
    }
  }
  // All ranks have the one element of a scalar.
  const layouts = shape.length === 0 ? [] : parts.map(({ start, size }) => new Layout({ shape, start, size }));
  const meet = (one: number, other: number): boolean =>
    layouts[one] === undefined || layouts[one].meets(layouts[other] as Layout, 0);
  for (const [rank, part] of parts.entries()) {
    const other = parts.findIndex((_, index) => index < rank && meet(index, rank));
    if (other < 0) continue;
    const text = ({ start, size }: Part): string => `start [${start.join(", ")}], size [${size.join(", ")}]`;
    throw invalid(
      `${call}: the parts of rank ${other} (${text(parts[other] as Part)}) and rank ${rank} (${text(part)}) overlap`,
    );
  }
}

type Attempted<T> = { value: T } | { failed: unknown };

async function attempted<T>(work: () => T | Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await work() };
  } catch (failed) {
    return { failed };
  }
}

/** The values of all ranks. The failure of the lowest rank that has one is thrown on all. */
async function agreed<T>(
  world: Communicator,
  call: string,
  own: Attempted<T>,
  signal: AbortSignal | undefined,
): Promise<T[]> {
  const all = await world.allgather<Attempted<T>>(own, { signal });
  const rank = all.findIndex((each) => "failed" in each);
  if (rank < 0) return all.map((each) => (each as { value: T }).value);
  const { failed } = all[rank] as { failed: unknown };
  const [code, why] = failed instanceof MpiError ? [failed.code, failed.message] : (["io", String(failed)] as const);
  throw new MpiError(code, `${call}: rank ${rank}: ${why}`, { rank, cause: failed });
}

function arrayOf(mine: ArrayOrBlock): TypedArray {
  return isTypedArray(mine) ? mine : mine.array;
}

function times(a: number, b: number): number {
  return a * b;
}
