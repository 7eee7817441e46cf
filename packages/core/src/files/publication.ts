import { randomBytes } from "node:crypto";
import { constants, type Stats, unlinkSync } from "node:fs";
import { chmod, link, readdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { MpiError } from "../calls/errors.ts";
import { processStatFields } from "../calls/process-stat.ts";
import { warn } from "../calls/warning.ts";
import { firstOfHosts } from "../collectives/algorithms/host-levels.ts";
import { allgather, bcast } from "../collectives/algorithms/index.ts";
import type { Peers } from "../wire/peers.ts";
import { asIoError, caught, onAllRanks } from "./agree.ts";
import type { Access } from "./flags.ts";
import { LocalFile } from "./local-file.ts";

/** A file to be opened, with options that have been checked. */
export interface Place {
  readonly path: string;
  readonly access: Access;
  readonly flags: string;
  readonly inPlace: boolean;
  readonly preallocate: number;
  readonly mode: number | undefined;
  readonly durable: boolean;
}

/** New files that have not come under their names, to be removed when the process ends. */
const unpublished: Set<Prepared> = new Set();

process.once("exit", (code) => {
  for (const prepared of unpublished) {
    discardSync(prepared);
    if (code === 0)
      warn(`${prepared.target} was opened and never closed: what was written to it is discarded; await file.close()`);
  }
});

/** What rank 0 has prepared. */
interface Prepared {
  /** What all ranks open. */
  readonly path: string;
  /** The name under which it appears at the end; undefined: it is there already. */
  readonly target: string | undefined;
}

/**
 * How a file comes under its name. A new one is written beside it, under another name, and renamed when all ranks have written:
 *
 * ```text
 *   .field.bin.tsmpi-n042-4711-9f3a         written by all ranks
 *            │  rename, by rank 0, when all have closed it
 *   field.bin                               the old file, or none, until then
 * ```
 */
export class Publication {
  readonly file: LocalFile;
  /** The size of the file when it was opened. */
  readonly size: number;
  readonly #prepared: Prepared;
  readonly #place: Place;

  private constructor(file: LocalFile, size: number, prepared: Prepared, place: Place) {
    this.file = file;
    this.size = size;
    this.#prepared = prepared;
    this.#place = place;
    if (prepared.target !== undefined) unpublished.add(prepared);
  }

  /** Opens the file on all ranks, or on none. */
  static async begin(peers: Peers, host: string, place: Place): Promise<Publication> {
    const { path, access } = place;
    const atPath = async <R>(work: () => Promise<R>): Promise<R> => {
      try {
        return await work();
      } catch (error) {
        throw asIoError(error, path);
      }
    };
    const prepared = await onAllRanks(peers, host, () => (peers.rank === 0 ? atPath(() => prepare(place)) : undefined));
    const common = (await bcast(peers, prepared, 0)) as Prepared;
    let opened: LocalFile | undefined;
    try {
      const size = await onAllRanks(peers, host, () =>
        atPath(async () => {
          opened = await LocalFile.open(common.path, access.mode);
          return opened.size();
        }),
      );
      return new Publication(opened as unknown as LocalFile, size, common, place);
    } catch (error) {
      await opened?.close();
      if (peers.rank === 0) discardSync(common);
      throw error;
    }
  }

  /** All ranks have written: the file comes under its name. Gives what went wrong here; then it is discarded. */
  async publish(peers: Peers): Promise<unknown> {
    const { target, path } = this.#prepared;
    const error = await caught(async () => {
      const isFirst = firstOfHosts(peers.hosts).includes(peers.rank);
      if (target !== undefined && this.#place.durable && isFirst) await this.file.sync();
      await this.file.close(); // over a network, what was written reaches the server at last now, or fails
    });
    if (target === undefined) return error;
    const areWell = await allgather(peers, error === undefined);
    if (areWell.includes(false) || peers.rank !== 0) return error;
    return caught(() => (this.#place.access.isExclusive ? linkAs(path, target) : rename(path, target)));
  }

  /** Lets go of the file here. A new one that has not come under its name is removed. */
  async end(): Promise<void> {
    unpublished.delete(this.#prepared);
    await this.file.close().catch(() => {});
    discardSync(this.#prepared);
  }
}

/** Gives the file its name, which no other file may have. */
async function linkAs(path: string, target: string): Promise<void> {
  try {
    await link(path, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    // A file system without hard links: another process may make such a file between these two calls.
    if ((await stat(target).catch(() => undefined)) !== undefined)
      throw Object.assign(new Error("EEXIST"), { code: "EEXIST", syscall: "link" });
    await rename(path, target);
    return;
  }
  await unlink(path);
}

/** Rank 0 makes the file that all ranks then open. */
async function prepare(place: Place): Promise<Prepared> {
  const { path, access, inPlace } = place;
  const old = await statOf(path);
  if (old?.isDirectory()) throw refused(path, "it is a directory (EISDIR)");
  if (access.isExclusive && old !== undefined) throw refused(path, "there is a file of this name (EEXIST)");
  // A device or a pipe is written where it is: a file must not take its place.
  const isReplaced = access.isNew && !inPlace && (old === undefined || old.isFile());
  if (!isReplaced) {
    await makeInPlace(place, old);
    return { path, target: undefined };
  }
  const target = await realpath(path).catch(() => path);
  await removeAbandoned(target);
  const name = temporaryName(target);
  try {
    await makeNew(name, place, old);
  } catch (error) {
    await unlink(name).catch(() => {});
    throw error;
  }
  return { path: name, target };
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function refused(path: string, why: string): MpiError {
  return new MpiError("io", `${path}: ${why}`);
}

async function makeInPlace({ path, access, preallocate, mode = 0o666 }: Place, old: Stats | undefined): Promise<void> {
  if (!access.creates && preallocate === 0) return;
  const file = await LocalFile.open(path, access.mode | (access.creates ? constants.O_CREAT : 0), mode);
  try {
    if (access.isNew && old?.isFile()) await file.truncate(0);
    if (preallocate > 0) await file.allocate(preallocate);
  } finally {
    await file.close();
  }
}

async function makeNew(name: string, { access, preallocate, mode }: Place, old: Stats | undefined): Promise<void> {
  const file = await LocalFile.open(name, access.mode | constants.O_CREAT | constants.O_EXCL, mode ?? 0o666);
  try {
    if (mode === undefined && old !== undefined) await chmod(name, old.mode & 0o7777);
    if (preallocate > 0) await file.allocate(preallocate);
  } finally {
    await file.close();
  }
}

/**
 * The name under which a file is written: says which process it belongs to, and when that began, so that a later run can remove what a
 * killed one has left.
 */
function temporaryName(target: string): string {
  const owner = `${hostname()}-${process.pid}-${startOf(process.pid) ?? 0}-${randomBytes(4).toString("hex")}`;
  return join(dirname(target), `.${basename(target)}.tsmpi-${owner}`);
}

/** Removes what processes of this host have left that were killed while they wrote a file of this name. */
async function removeAbandoned(target: string): Promise<void> {
  const start = `.${basename(target)}.tsmpi-${hostname()}-`;
  const names = await readdir(dirname(target)).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(start))) {
    const [pid, began] = name.slice(start.length).split("-");
    if (startOf(Number(pid)) !== began) await unlink(join(dirname(target), name)).catch(() => {});
  }
}

/** When a process began, in ticks since the host's start; undefined for one that is dead, also if nobody has asked for its status. */
function startOf(pid: number): string | undefined {
  const fields = processStatFields(pid);
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

function discardSync({ path, target }: Prepared): void {
  if (target === undefined) return;
  try {
    unlinkSync(path);
  } catch {
    // renamed, or removed by another rank
  }
}
