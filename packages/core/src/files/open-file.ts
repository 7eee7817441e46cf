import { basename, resolve } from "node:path";
import { cancelled } from "../calls/abort.ts";
import type { Call } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { invalid, show } from "../calls/check.ts";
import { checkOptions, knownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import type { CallOptions } from "../calls/options.ts";
import { type ArrayOrBlock, layoutOf } from "../calls/regions/block.ts";
import type { Region } from "../calls/regions/layout.ts";
import { isTypedArray, type TypedArray } from "../calls/typed-array.ts";
import { allgather } from "../collectives/algorithms/index.ts";
import type { Operation } from "../collectives/signature.ts";
import type { Peers } from "../wire/peers.ts";
import { type Part, readPieces, readTogether, writePieces, writeTogether } from "./aggregation.ts";
import { agreeOn, asIoError, caught, onAllRanks, settled } from "./agree.ts";
import { type Content, contentOf } from "./content.ts";
import { type Access, accessOf, canRead, canWrite } from "./flags.ts";
import type { LocalFile } from "./local-file.ts";
import type { FileData, FilePlaceOptions, OpenFileOptions, ParallelFile } from "./parallel-file.ts";
import { Pieces } from "./pieces.ts";
import { type Place, Publication } from "./publication.ts";

/** The ranks that share a file: a communicator of its own. */
export interface FileRanks {
  readonly rank: number;
  readonly host: string;
  /** Runs one collective among them. */
  run<R>(operation: Operation, options: CallOptions, body: (peers: Peers) => Promise<R>): Promise<R>;
  /** This rank leaves without the others: their next collective fails with this error. */
  leave(error: Error): void;
  /** The error with rank, call and line. */
  explained(call: Call, error: unknown): Error;
  close(): Promise<void>;
}

/** Opens a file on all ranks; within a collective. */
export function openFile(
  peers: Peers,
  ranks: FileRanks,
  path: string,
  options: OpenFileOptions,
): Promise<ParallelFile | MpiError> {
  return settled(() => open(peers, ranks, path, options));
}

async function open(peers: Peers, ranks: FileRanks, path: string, options: OpenFileOptions): Promise<ParallelFile> {
  const here = await onAllRanks(peers, ranks.host, () => placeOf(path, options));
  const shown = `${path}, flags "${here.flags}"${here.inPlace ? ", inPlace" : ""}`;
  const all = await allgather(peers, shown);
  const other = all.findIndex((each) => each !== all[0]);
  await agreeOn(peers, ranks.host, other < 0 ? undefined : differing(all, other));
  const publication = await Publication.begin(peers, ranks.host, here);
  return new OpenFile(ranks, here, publication);
}

function differing(all: readonly string[], other: number): MpiError {
  return new MpiError("mismatch", `rank 0 opens ${all[0]}, but rank ${other} opens ${all[other]}`);
}

function placeOf(path: string, options: OpenFileOptions): Place {
  if (typeof path !== "string" || path === "") throw invalid(`path is ${show(path)}, but it is the name of a file`);
  const { flags = "r", inPlace = false, preallocate = 0, mode, durable = true } = options;
  if (!Number.isSafeInteger(preallocate) || preallocate < 0) {
    throw invalid(`preallocate is ${show(preallocate)}, but it is a number of bytes, a whole number from 0`);
  }
  for (const [name, value] of Object.entries({ inPlace, durable })) {
    if (typeof value !== "boolean") throw invalid(`${name} is ${show(value)}, but it is true or false`);
  }
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777)) {
    throw invalid(`mode is ${show(mode)}, but it is permissions such as 0o640`);
  }
  const access = accessOf(flags);
  if (preallocate > 0 && !canWrite(access))
    throw invalid(`preallocate needs a file that may be written, not "${flags}"`);
  return { path: resolve(path), access, flags, inPlace, preallocate, mode, durable };
}

/** A file that is open on this rank. */
class OpenFile implements ParallelFile {
  readonly path: string;
  readonly #ranks: FileRanks;
  readonly #access: Access;
  readonly #flags: string;
  readonly #file: LocalFile;
  readonly #publication: Publication;
  /** Where the next ordered call begins: the same on all ranks. */
  #position: number;
  #closed = false;
  /** Calls that have not ended: those that finish the file wait for them, also if the program does not await them. */
  readonly #underWay: Set<Promise<unknown>> = new Set();

  constructor(ranks: FileRanks, { path, access, flags }: Place, publication: Publication) {
    this.path = path;
    this.#ranks = ranks;
    this.#access = access;
    this.#flags = flags;
    this.#publication = publication;
    this.#file = publication.file;
    this.#position = access.appends ? publication.size : 0;
  }

  writeAt(data: FileData, options: FilePlaceOptions): Promise<void> {
    return this.#alone("writeAt", options, async () => {
      const content = this.#toWrite(data);
      await writePieces(this.#file, partOf(content, options), options.signal);
    });
  }

  readAt(options: ReadOptions & FilePlaceOptions): Promise<never> {
    return this.#alone("readAt", options, async () => {
      const target = this.#target(options, options.view);
      await readPieces(this.#file, partOf(contentOf(target), options), options.signal);
      return target;
    }) as Promise<never>;
  }

  writeAtAll(data: FileData, options: FilePlaceOptions): Promise<void> {
    return this.#together("writeAtAll", options, async (peers) => {
      const part = await this.#agreed(peers, () => partOf(this.#toWrite(data), options));
      await this.#settle(peers, await writeTogether(peers, this.#file, part));
    });
  }

  readAtAll(options: ReadOptions & FilePlaceOptions): Promise<never> {
    return this.#together("readAtAll", options, async (peers) => {
      const { target, part } = await this.#agreed(peers, () => {
        const wanted = this.#target(options, options.view);
        return { target: wanted, part: partOf(contentOf(wanted), options) };
      });
      await this.#settleRead(peers, part.pieces, await readTogether(peers, this.#file, part));
      return target;
    }) as Promise<never>;
  }

  writeOrdered(data: FileData, options: CallOptions = {}): Promise<void> {
    return this.#together("writeOrdered", options, async (peers) => {
      const content = await this.#agreed(peers, () => this.#toWrite(data));
      const pieces = await this.#next(peers, content);
      await this.#settle(peers, await writeTogether(peers, this.#file, { content, pieces }));
    });
  }

  readOrdered(options: ReadOptions): Promise<never> {
    return this.#together("readOrdered", options, async (peers) => {
      const target = await this.#agreed(peers, () => this.#target(options));
      const content = contentOf(target);
      const pieces = await this.#next(peers, content);
      await this.#settleRead(peers, pieces, await readTogether(peers, this.#file, { content, pieces }));
      return target;
    }) as Promise<never>;
  }

  size(): Promise<number> {
    return this.#alone("size", {}, () => this.#file.size());
  }

  truncate(bytes: number, options: CallOptions = {}): Promise<void> {
    return this.#together("truncate", options, async (peers) => {
      await this.#agreed(peers, () => {
        if (Number.isSafeInteger(bytes) && bytes >= 0) return this.#mayWrite();
        throw invalid(`bytes is ${show(bytes)}, but it is a size, a whole number from 0`);
      });
      const sizes = await allgather(peers, bytes);
      const other = sizes.findIndex((each) => each !== bytes);
      if (other >= 0) throw new MpiError("mismatch", `rank ${other} gives ${sizes[other]} bytes, this rank ${bytes}`);
      const error = peers.rank === 0 ? await caught(() => this.#file.truncate(bytes)) : undefined;
      await this.#settle(peers, error);
    });
  }

  sync(options: CallOptions = {}): Promise<void> {
    const before = [...this.#underWay];
    return this.#together("sync", options, async (peers) => {
      await Promise.allSettled(before);
      await this.#settle(peers, await caught(() => this.#file.sync()));
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const before = [...this.#underWay];
    const closed = this.#together("close", {}, async (peers) => {
      await Promise.allSettled(before);
      await this.#settle(peers, await this.#publication.publish(peers));
    });
    this.#closed = true;
    return closed.finally(() => this.#letGo());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // This rank takes no part in further calls: the next one of the others rejects.
    this.#ranks.leave(new MpiError("closed", `${this.path} was left on rank ${this.#ranks.rank} without close()`));
    await this.#letGo();
  }

  /** Closes this rank's own handle; a new file that has not appeared is discarded. */
  async #letGo(): Promise<void> {
    await this.#publication.end();
    await this.#ranks.close();
  }

  #alone<R>(operation: FileCall, options: CallOptions, work: () => Promise<R>): Promise<R> {
    return this.#noted(this.#byItself(operation, options, work));
  }

  #noted<R>(result: Promise<R>): Promise<R> {
    const noted = result.finally(() => this.#underWay.delete(noted));
    this.#underWay.add(noted);
    return noted;
  }

  async #byItself<R>(operation: FileCall, options: CallOptions, work: () => Promise<R>): Promise<R> {
    try {
      if (this.#closed) throw this.#closedError();
      checkOptions(knownOptions[operation], options);
      options.signal?.throwIfAborted();
      return await work();
    } catch (error) {
      const call: Call = { operation, options, communicator: basename(this.path) };
      const own = error === options?.signal?.reason ? cancelled(error) : asIoError(error, this.path);
      throw this.#ranks.explained(sitedHere(call), own);
    }
  }

  #together<R>(operation: FileCollective, options: CallOptions, work: (peers: Peers) => Promise<R>): Promise<R> {
    return this.#noted(this.#withAll(operation, options, work));
  }

  async #withAll<R>(operation: FileCollective, options: CallOptions, work: (peers: Peers) => Promise<R>): Promise<R> {
    const call: Call = { operation, options, communicator: basename(this.path) };
    if (this.#closed) throw this.#ranks.explained(sitedHere(call), this.#closedError());
    const result = await this.#ranks.run(operation, options, (peers) => settled(() => work(peers)));
    if (result instanceof MpiError) throw this.#ranks.explained(sitedHere(call), result);
    return result;
  }

  #closedError(): MpiError {
    return new MpiError("closed", `${this.path} was closed`);
  }

  /** What a check gives, on all ranks or on none. */
  #agreed<R>(peers: Peers, check: () => R): Promise<R> {
    return onAllRanks(peers, this.#ranks.host, check);
  }

  async #settle(peers: Peers, error: unknown): Promise<void> {
    await agreeOn(peers, this.#ranks.host, error === undefined ? undefined : asIoError(error, this.path));
  }

  /** This rank's pieces of an ordered call; moves the shared position behind those of all. */
  async #next(peers: Peers, { bytes }: Content): Promise<Pieces> {
    const lengths = await allgather(peers, bytes);
    const begin = this.#position + lengths.slice(0, peers.rank).reduce(sum, 0);
    this.#position += lengths.reduce(sum, 0);
    return new Pieces(begin, bytes);
  }

  #toWrite(data: FileData): Content {
    this.#mayWrite();
    return contentOf(data);
  }

  #mayWrite(): void {
    if (!canWrite(this.#access)) throw invalid(`${this.path} is open for reading: flags "${this.#flags}"`);
  }

  /** What a read fills. */
  #target({ into, count, kind = Uint8Array }: ReadOptions, view?: Region): ArrayOrBlock {
    if (!canRead(this.#access)) {
      throw invalid(`${this.path} is open for writing: flags "${this.#flags}"; give "${this.#flags}+"`);
    }
    if (into !== undefined) return into;
    const length = count ?? (view && layoutOf(view).length);
    if (!Number.isSafeInteger(length) || (length as number) < 0) {
      throw invalid(
        `count is ${show(count)}, but it is a number of elements; or give \`into\`, an array that is filled`,
      );
    }
    const array: unknown = typeof kind === "function" ? new kind(length as number) : undefined;
    if (isTypedArray(array)) return array;
    throw invalid(`kind is ${show(kind)}, but it is a class of typed arrays, such as Float64Array`);
  }

  /** Ends a read. Where the file was too short, the rank that wanted more says so, not the one that read for it. */
  async #settleRead(peers: Peers, pieces: Pieces, error: unknown): Promise<void> {
    if (!(await allgather(peers, error !== undefined)).includes(true)) return;
    const size = await this.#file.size().catch(() => Number.POSITIVE_INFINITY);
    const isShort = pieces.bytes > 0 && pieces.end > size;
    const own = isShort ? tooShort(size, pieces) : error instanceof MpiError ? undefined : error;
    await this.#settle(peers, own);
    await this.#settle(peers, error);
  }
}

type ReadOptions = CallOptions & {
  into?: ArrayOrBlock | undefined;
  count?: number | undefined;
  kind?: (new (length: number) => TypedArray) | undefined;
};

function tooShort(size: number, { start, end }: Pieces): MpiError {
  return new MpiError("io", `the file has ${size} bytes, but bytes up to ${end} were to be read, from ${start} on`);
}

type FileCollective = "writeAtAll" | "readAtAll" | "writeOrdered" | "readOrdered" | "truncate" | "sync" | "close";
type FileCall = "writeAt" | "readAt" | "size";

function partOf(content: Content, { offset, view }: FilePlaceOptions): Part {
  const layout = view === undefined ? undefined : layoutOf(view);
  return { content, pieces: new Pieces(offset, content.bytes, layout, content.size) };
}

function sum(a: number, b: number): number {
  return a + b;
}
