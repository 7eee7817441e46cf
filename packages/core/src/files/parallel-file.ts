import type { CallOptions } from "../calls/options.ts";
import type { ArrayOrBlock } from "../calls/regions/block.ts";
import type { Region } from "../calls/regions/layout.ts";
import type { TypedArray } from "../calls/typed-array.ts";

/** What may be written: a typed array or a block of one, other bytes, or a string (as UTF-8). */
export type FileData = ArrayOrBlock | ArrayBuffer | DataView | string;

/** Options of `openFile`. */
export interface OpenFileOptions extends CallOptions {
  /**
   * As in Node: `"r"` (default) reads; `"r+"` also writes; `"w"`, `"w+"` make a new file, `"wx"`, `"wx+"` only where there is none;
   * `"a"`, `"a+"` add to one in ordered calls.
   */
  flags?: "r" | "r+" | "w" | "w+" | "wx" | "wx+" | "a" | "a+" | undefined;
  /** With `"w"`: empty the file and write it where it is, instead of a new one that appears at `close()`; default false. */
  inPlace?: boolean | undefined;
  /** Makes the file at least so long in bytes, with its room on the disk; default 0. */
  preallocate?: number | undefined;
  /** Permissions of a new file, less those of the umask; default 0o666, or those of the file that it replaces. */
  mode?: number | undefined;
  /** Whether a new file is on the disk before it appears, so that it is whole after a power cut, too; default true. */
  durable?: boolean | undefined;
}

/** Where a call writes. */
export interface FilePlaceOptions extends CallOptions {
  /** Bytes from the beginning of the file. */
  offset: number;
  /** A region of a grid in the file, which begins at `offset` and has the array's kind of elements. Default: one after the other. */
  view?: Region | undefined;
}

/** What a read fills: an array or a block of the caller. */
export interface ReadIntoOptions<A extends ArrayOrBlock> {
  /** Takes as many bytes as it is long. */
  into: A;
}

/** A class of typed arrays, such as `Float64Array`. */
export type ArrayClass<A extends TypedArray> = new (length: number) => A;

/** What a read gives: a new array. */
export interface ReadNewOptions<A extends TypedArray> {
  /** Number of elements; default those of the `view`, which is required then. */
  count?: number | undefined;
  /** The class of the array, such as `Float64Array`; default `Uint8Array`. */
  kind?: ArrayClass<A> | undefined;
}

/**
 * A file that all ranks of a communicator have opened. The examples go on from here, on 4 ranks:
 *
 * ```ts
 * await using file = await world.openFile("field.bin", { flags: "w+" });
 * ```
 *
 * A new file appears under its name, whole, when all ranks have called {@link close}. Leaving its scope without that discards it.
 *
 * Calls that say "collective" are made by all ranks, in the same order. An error of one rank is that of all: `io` with the error of
 * the operating system as its `cause`. Beside what they say, calls may reject with `invalid-argument`, `aborted`, `closed` and
 * `rank-failed`.
 */
export interface ParallelFile {
  /** The absolute path. */
  readonly path: string;

  /**
   * Writes at a place of this rank's own choice. Not collective.
   *
   * ```ts
   * await file.writeAt(Float64Array.of(world.rank), { offset: 8 * world.rank });
   * ```
   * @param data what to write
   * @param options `offset` is required; `view`; `signal`, looked at between pieces
   * @throws MpiError `io` when it cannot be written
   */
  writeAt(data: FileData, options: FilePlaceOptions): Promise<void>;

  /**
   * Reads at a place of this rank's own choice, and gives the array: `into`, or a new one. Not collective.
   *
   * ```ts
   * await file.writeAt(Float64Array.of(7), { offset: 8 * world.rank });
   * const mine = await file.readAt({ offset: 8 * world.rank, into: new Float64Array(1) });
   * mine[0]; // => 7
   * ```
   * @param options `offset` is required; `into`, or `count` and `kind`; `view`; `signal`
   * @throws MpiError `io` when the file ends before: nothing says how much was filled then
   */
  readAt<A extends ArrayOrBlock>(options: FilePlaceOptions & ReadIntoOptions<A>): Promise<A>;
  readAt<A extends TypedArray = Uint8Array>(options: FilePlaceOptions & ReadNewOptions<A>): Promise<A>;

  /**
   * Writes what all ranks have. Collective: small pieces of the ranks of a host are brought together and written as large ones.
   *
   * Where two ranks write the same bytes, either may remain.
   *
   * ```ts
   * const mine = new Int32Array(6).fill(world.rank); // 3 rows of 2 in a matrix of 3 rows and 8 columns
   * await file.writeAtAll(mine, { offset: 0, view: { shape: [3, 8], start: [0, 2 * world.rank], size: [3, 2] } });
   * ```
   * @param data what to write; may be empty
   * @param options `offset` is required; `view`; `signal`
   * @throws MpiError `io` on all ranks when one of them cannot write
   */
  writeAtAll(data: FileData, options: FilePlaceOptions): Promise<void>;

  /**
   * Reads what all ranks want, and gives the array: `into`, or a new one. Collective: one rank of each host reads large parts.
   *
   * ```ts
   * await file.writeOrdered(Int32Array.of(10 * world.rank));
   * const two = await file.readAtAll({ offset: 4 * (world.rank % 3), count: 2, kind: Int32Array });
   * two[0]; // => 10 * (world.rank % 3)
   * ```
   * @param options `offset` is required; `into`, or `count` and `kind`; `view`; `signal`
   * @throws MpiError `io` on all ranks when one of them cannot read
   */
  readAtAll<A extends ArrayOrBlock>(options: FilePlaceOptions & ReadIntoOptions<A>): Promise<A>;
  readAtAll<A extends TypedArray = Uint8Array>(options: FilePlaceOptions & ReadNewOptions<A>): Promise<A>;

  /**
   * Writes what all ranks have, one rank behind the other, from the shared position on. Collective.
   *
   * ```ts
   * await file.writeOrdered(`rank ${world.rank}\n`);
   * ```
   * @param data what to write; may differ in length and be empty
   * @param options `signal`
   * @throws MpiError `io` on all ranks when one of them cannot write
   */
  writeOrdered(data: FileData, options?: CallOptions): Promise<void>;

  /**
   * Reads from the shared position on, one rank behind the other, and gives the array: `into`, or a new one. Collective.
   *
   * ```ts
   * await file.writeAt(Int32Array.of(world.rank), { offset: 4 * world.rank });
   * await file.sync();
   * const mine = await file.readOrdered({ into: new Int32Array(1) });
   * mine[0]; // => world.rank
   * ```
   * @param options `into`, or `count` and `kind`; `signal`
   * @throws MpiError `io` on all ranks when the file ends before
   */
  readOrdered<A extends ArrayOrBlock>(options: CallOptions & ReadIntoOptions<A>): Promise<A>;
  readOrdered<A extends TypedArray = Uint8Array>(options: CallOptions & ReadNewOptions<A>): Promise<A>;

  /**
   * Gives the size of the file in bytes. Not collective.
   *
   * ```ts
   * const bytes = await file.size();
   * ```
   * @throws MpiError `io`
   */
  size(): Promise<number>;

  /**
   * Makes the file so many bytes long: what was beyond is lost, what is new is zero. Collective.
   *
   * ```ts
   * await file.truncate(1024);
   * ```
   * @param bytes the same on all ranks
   * @param options `signal`
   * @throws MpiError `io` on all ranks; `mismatch` when ranks give different sizes
   */
  truncate(bytes: number, options?: CallOptions): Promise<void>;

  /**
   * Resolves when all that was written is on the disk. Collective.
   *
   * ```ts
   * await file.sync();
   * ```
   * @param options `signal`
   * @throws MpiError `io` on all ranks
   */
  sync(options?: CallOptions): Promise<void>;

  /**
   * Closes the file. Collective. A new file appears under its name when all ranks have come here.
   *
   * ```ts
   * await file.close();
   * ```
   * @throws MpiError `io` on all ranks when it could not be written to its end: then it does not appear
   */
  close(): Promise<void>;

  /** Lets go of the file at once, without the others: a new file that was not closed is discarded, and their next calls reject. */
  [Symbol.asyncDispose](): Promise<void>;
}
