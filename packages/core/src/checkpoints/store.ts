import { basename, join, resolve } from "node:path";
import type { Call } from "../calls/call.ts";
import { sitedHere } from "../calls/call-site.ts";
import { invalid, show } from "../calls/check.ts";
import { MpiError } from "../calls/errors.ts";
import type { CallOptions } from "../calls/options.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { warn } from "../calls/warning.ts";
import { allgather, bcast } from "../collectives/algorithms/index.ts";
import { agreeOn, asIoError, caught, onAllRanks, settled } from "../files/agree.ts";
import type { FileRanks } from "../files/open-file.ts";
import { range } from "../tasks/range.ts";
import { decode } from "../wire/codec/codec.ts";
import type { Peers } from "../wire/peers.ts";
import { Damage, orDamage } from "./damage.ts";
import {
  type Begun,
  Directory,
  isSeen,
  listed,
  type Manifest,
  notShared,
  partName,
  readManifest,
} from "./directory.ts";
import type { DistributedArray } from "./distributed.ts";
import type { Checkpoint, CheckpointParts, CheckpointStore, CheckpointsOptions, LoadOptions } from "./face.ts";
import { bytesOf, fillFrom, sourcesOf } from "./fill.ts";
import { contentsOf, type Index, PartFile, type PartSeal, writePart } from "./part-file.ts";
import { arraysOf, putTogether } from "./state.ts";

/** Opens a directory of checkpoints on all ranks; within a collective. */
export function openCheckpoints(
  peers: Peers,
  ranks: FileRanks,
  directory: string,
  options: CheckpointsOptions,
): Promise<CheckpointStore | MpiError> {
  return settled(() => open(peers, ranks, directory, options));
}

async function open(
  peers: Peers,
  ranks: FileRanks,
  directory: string,
  options: CheckpointsOptions,
): Promise<CheckpointStore> {
  const { host } = ranks;
  const { path, keep } = await onAllRanks(peers, host, () => checked(directory, options));
  const all = await allgather(peers, `checkpoints(${show(directory)}, { keep: ${keep} })`);
  const other = all.findIndex((each) => each !== all[0]);
  const differ = `rank 0 calls ${all[0]}, but rank ${other} calls ${all[other]}`;
  await agreeOn(peers, host, other < 0 ? undefined : new MpiError("mismatch", differ));
  const atPath = <R>(work: () => Promise<R>): Promise<R> => orIoError(path, work);
  const own = await onAllRanks(peers, host, () => (peers.rank === 0 ? atPath(() => Directory.open(path)) : undefined));
  const token = await bcast(peers, await onAllRanks(peers, host, () => own && atPath(() => own.show())), 0);
  try {
    await onAllRanks(peers, host, async () => {
      if (!(await isSeen(join(path, token as string)))) throw notShared(path, host);
    });
  } finally {
    await own?.hide(token as string);
  }
  return new Store(ranks, path, keep, own);
}

function checked(directory: string, { keep = 2 }: CheckpointsOptions): { path: string; keep: number } {
  if (typeof directory !== "string" || directory === "") {
    throw invalid(`directory is ${show(directory)}, but it is the name of a directory`);
  }
  if (!Number.isSafeInteger(keep) || keep < 1) {
    throw invalid(`keep is ${show(keep)}, but it is how many checkpoints stay, a whole number from 1`);
  }
  return { path: resolve(directory), keep };
}

async function orIoError<R>(path: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw asIoError(error, path);
  }
}

/** A directory of checkpoints that is open on this rank. */
class Store implements CheckpointStore {
  readonly path: string;
  readonly #ranks: FileRanks;
  readonly #keep: number;
  /** On rank 0. */
  readonly #directory: Directory | undefined;
  /** Checkpoints that were found damaged: the next save removes them. */
  readonly #damaged: Set<string> = new Set();
  /** The call before: one begins when the other has ended. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(ranks: FileRanks, path: string, keep: number, directory: Directory | undefined) {
    this.#ranks = ranks;
    this.path = path;
    this.#keep = keep;
    this.#directory = directory;
  }

  save(step: number, state: unknown, options: CallOptions = {}): Promise<void> {
    return this.#together("save", options, async (peers) => {
      const contents = await this.#agreed(peers, () => {
        if (Number.isSafeInteger(step) && step >= 0) return contentsOf(state);
        throw invalid(
          `step is ${show(step)}, but it is how far the program is, a whole number from 0; then comes the state`,
        );
      });
      await this.#checkSteps(peers, step);
      const begun = await this.#fromRoot(peers, (directory) => directory.begin());
      try {
        const origin = { id: begun.id, rank: peers.rank, size: peers.size, step };
        const path = join(begun.path, partName(peers.rank));
        const seal = await this.#agreed(peers, () =>
          writePart(path, origin, contents).finally(() => this.#directory?.checkOwner()),
        );
        const seals = await allgather<PartSeal>(peers, seal);
        await this.#fromRoot(peers, (directory) => directory.commit(begun, step, seals));
      } catch (error) {
        await this.#discard(begun);
        throw error;
      }
      await this.#removeOld();
    });
  }

  load<State>(options: LoadOptions = {}): Promise<Checkpoint<State> | undefined> {
    return this.#together("load", options, async (peers) => {
      const into = await this.#agreed(peers, () => intoOf(options));
      const found = await this.#lastWhole(peers, async (at) => {
        if (into !== undefined) return this.#loadInto(peers, at, into);
        const { size } = at.manifest;
        await this.#refuse(peers, size === peers.size ? undefined : otherSize(size, peers.size));
        return this.#whole(peers, () => loadPart(at, peers.rank));
      });
      return found && { step: found.step, state: found.value as State };
    });
  }

  loadParts<State>(options: LoadOptions = {}): Promise<CheckpointParts<State> | undefined> {
    return this.#together("loadParts", options, async (peers) => {
      const into = await this.#agreed(peers, () => intoOf(options));
      const found = await this.#lastWhole(peers, async (at) => {
        if (into !== undefined) await this.#fill(peers, at, into, await this.#indexes(peers, at));
        return this.#whole(peers, async () => {
          const parts: { rank: number; state: State }[] = [];
          for (const rank of range(at.manifest.size, peers))
            parts.push({ rank, state: (await loadPart(at, rank, into)) as State });
          return parts;
        });
      });
      return found && { step: found.step, parts: found.value };
    });
  }

  /** The state of this rank, and distributed arrays, for any number of ranks. */
  async #loadInto(peers: Peers, at: Found, into: Into): Promise<unknown> {
    const indexes = await this.#indexes(peers, at);
    const { size } = at.manifest;
    if (size !== peers.size) await this.#refuse(peers, cannotShare(indexes, into, peers.size));
    await this.#fill(peers, at, into, indexes);
    // With another number of ranks, the rest is the same in all parts.
    const state = await this.#whole(peers, () => loadPart(at, peers.rank % size, into));
    return putTogether(
      state,
      [...into].map(([name, { array }]) => [name, array] as const),
    );
  }

  async #fill(peers: Peers, at: Found, into: Into, indexes: readonly Index[]): Promise<void> {
    const plans = await this.#agreed(peers, () =>
      [...into].map(([name, target]) => ({ target, sources: sourcesOf(name, target, indexes) })),
    );
    await this.#whole(peers, async () => {
      for (const { target, sources } of plans) {
        for (const source of sources) await withPart(at, source.rank, (part) => fillFrom(part, source, target));
      }
    });
  }

  /** The indexes of all parts: each rank reads those of its share. */
  async #indexes(peers: Peers, at: Found): Promise<Index[]> {
    const own = await this.#whole(peers, async () => {
      const indexes: Index[] = [];
      for (const rank of range(at.manifest.size, peers))
        indexes.push(await withPart(at, rank, async ({ index }) => index));
      return indexes;
    });
    return (await allgather(peers, own)).flat();
  }

  /** What `use` gives of the last checkpoint that is whole for all ranks. */
  async #lastWhole<R>(peers: Peers, use: (at: Found) => Promise<R>): Promise<{ step: number; value: R } | undefined> {
    const names = await this.#fromRoot(peers, () => listed(this.path));
    const reasons: string[] = [];
    for (const named of names) {
      try {
        const own = await this.#whole(peers, async () =>
          peers.rank === 0 ? readManifest(this.path, named) : undefined,
        );
        const manifest = (await bcast(peers, own, 0)) as Manifest;
        const value = await use({ path: join(this.path, named.name), manifest });
        if (peers.rank === 0)
          for (const reason of reasons) warn(`${this.path}: passed over a checkpoint that is not whole: ${reason}`);
        return { step: manifest.step, value };
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        this.#damaged.add(named.name);
        reasons.push(`step ${named.step}: ${error.message}`);
      }
    }
    if (names.length > 0 && reasons.length === names.length) await this.#refuse(peers, noneWhole(this.path, reasons));
    return undefined;
  }

  /** What `work` gives on this rank, where no rank finds damage; the damage of the lowest rank, on all ranks. Shown once. */
  async #whole<R>(peers: Peers, work: () => Promise<R>): Promise<R> {
    let damage: string | null = null;
    const value = await this.#agreed(peers, async () => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        damage = error.message;
        return undefined;
      }
    });
    const found = (await allgather<string | null>(peers, damage)).find((each) => each !== null);
    if (found === undefined || found === null) return value as R;
    throw new Damage(found);
  }

  async #checkSteps(peers: Peers, step: number): Promise<void> {
    const steps = await allgather(peers, step);
    const other = steps.findIndex((each) => each !== steps[0]);
    const why = `rank 0 saves step ${steps[0]}, but rank ${other} saves step ${steps[other]}`;
    await this.#refuse(peers, other < 0 ? undefined : new MpiError("mismatch", why));
  }

  /** What rank 0 does in the directory; the others get what that gives. */
  async #fromRoot<R>(peers: Peers, work: (directory: Directory) => Promise<R>): Promise<R> {
    const directory = this.#directory;
    const own = await this.#agreed(peers, () => (directory === undefined ? undefined : work(directory)));
    return bcast(peers, own, 0) as Promise<R>;
  }

  async #discard(begun: Begun): Promise<void> {
    await this.#directory?.discard(begun);
  }

  /** By rank 0, when all ranks have the new one: no error of the save, which has succeeded. */
  async #removeOld(): Promise<void> {
    const error = await caught(async () => this.#directory?.removeOld(this.#keep, this.#damaged));
    this.#damaged.clear();
    if (error !== undefined) warn(`${this.path}: old checkpoints cannot be removed: ${(error as Error).message}`);
  }

  /** What `work` gives, on all ranks or on none. */
  #agreed<R>(peers: Peers, work: () => R | Promise<R>): Promise<R> {
    return onAllRanks(peers, this.#ranks.host, () => orIoError(this.path, async () => work()));
  }

  /** Throws an error that all ranks have. */
  #refuse(peers: Peers, error: MpiError | undefined): Promise<void> {
    return agreeOn(peers, this.#ranks.host, error);
  }

  async #together<R>(operation: StoreCall, options: CallOptions, work: (peers: Peers) => Promise<R>): Promise<R> {
    const before = this.#before;
    let end = (): void => {};
    this.#before = new Promise<void>((done) => {
      end = done;
    });
    try {
      const result = await this.#ranks.run(operation, options, async (peers) => {
        await before;
        return settled(() => work(peers));
      });
      if (!(result instanceof MpiError)) return result;
      const call: Call = { operation, options, communicator: basename(this.path) };
      throw this.#ranks.explained(sitedHere(call), result);
    } finally {
      end();
    }
  }
}

type StoreCall = "save" | "load" | "loadParts";

/** A checkpoint that is being loaded. */
interface Found {
  readonly path: string;
  readonly manifest: Manifest;
}

type Into = ReadonlyMap<string, DistributedArray>;

function intoOf({ into }: LoadOptions): Into | undefined {
  return into === undefined ? undefined : arraysOf(into);
}

async function withPart<R>({ path, manifest }: Found, rank: number, use: (part: PartFile) => Promise<R>): Promise<R> {
  const { id, size, step, parts } = manifest;
  const name = partName(rank);
  return orDamage(name, async () => {
    const part = await PartFile.open(join(path, name), { id, rank, size, step }, parts[rank] as PartSeal);
    try {
      return await use(part);
    } finally {
      await part.close();
    }
  });
}

/** What a rank has saved, without the arrays that are filled. */
function loadPart(at: Found, rank: number, filled?: Into): Promise<unknown> {
  return withPart(at, rank, async (part) => {
    const arrays: [string, TypedArray | undefined][] = [];
    for (const [number, { name, kind, size }] of part.index.arrays.entries()) {
      if (filled?.has(name)) {
        arrays.push([name, undefined]);
        continue;
      }
      const array = emptyOf(
        kind,
        size.reduce((a, b) => a * b, 1),
      );
      await part.array(number, bytesOf(array));
      arrays.push([name, array]);
    }
    return putTogether(decode(await part.rest()), arrays);
  });
}

function emptyOf(kind: string, length: number): TypedArray {
  const kinds = globalThis as unknown as Record<string, (new (length: number) => TypedArray) | undefined>;
  const Kind = kinds[kind];
  if (Kind === undefined) throw new MpiError("io", `this Node.js has no ${kind}`);
  return new Kind(length);
}

/** Why a checkpoint of another number of ranks cannot be loaded by `into`. */
function cannotShare(indexes: readonly Index[], into: Into, size: number): MpiError | undefined {
  const all = indexes.flatMap(({ arrays }) => arrays.map(({ name }) => name));
  const left = all.find((name) => !into.has(name));
  if (left !== undefined) {
    return new MpiError(
      "mismatch",
      `the checkpoint of ${indexes.length} ranks also has the distributed array ${left}: name its regions for ${size} ranks in \`into\``,
    );
  }
  const sum = indexes[0]?.restSum;
  const other = indexes.findIndex(({ restSum }) => restSum !== sum);
  if (other < 0) return undefined;
  return new MpiError(
    "mismatch",
    `the checkpoint is of ${indexes.length} ranks, and there are ${size}; beside its distributed arrays, the states of rank 0 and rank ${other} differ: loadParts({ into }) shares them out`,
  );
}

function otherSize(saved: number, size: number): MpiError {
  return new MpiError(
    "mismatch",
    `the checkpoint was saved by ${ranksOf(saved)}, and there ${size === 1 ? "is" : "are"} ${size}: loadParts() shares out the parts of all, and load({ into }) fills distributed arrays`,
  );
}

function ranksOf(size: number): string {
  return size === 1 ? "1 rank" : `${size} ranks`;
}

function noneWhole(path: string, reasons: readonly string[]): MpiError {
  const count =
    reasons.length === 1 ? "one checkpoint, and it is not whole" : `${reasons.length} checkpoints, and none is whole`;
  return new MpiError(
    "io",
    `${path} has ${count}: ${reasons.join("; ")}. To begin anew, remove the directory or name another one`,
  );
}
