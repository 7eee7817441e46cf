import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { MpiError } from "../calls/errors.ts";
import { LocalFile } from "../files/local-file.ts";
import { hex } from "./checksums.ts";
import { Damage, orDamage } from "./damage.ts";
import { Owner } from "./owner.ts";
import { format, type Origin, type PartSeal, unknownFormat } from "./part-file.ts";

/*
 * The directory of a program's checkpoints. Rank 0 makes and removes what is in it; each rank writes its own part.
 *
 *  state/
 *    owner.json                     the process that uses it
 *    000007-step-1200/              a checkpoint: the seventh that was saved
 *      manifest.json                which parts belong to it, with their lengths and checksums
 *      rank-0.part  rank-1.part ...
 *    000008-step-1300/
 *    .saving-9f3a5c01/              not finished: gets its name, by one rename, when all parts and the manifest are on the disk
 *    .removing-000006-step-1100/    no longer wanted: loses its name first, so that a part of a checkpoint never looks like one
 */
const manifestName = "manifest.json";
const saving = ".saving-";
const removing = ".removing-";
const shared = ".shared-";

export function partName(rank: number): string {
  return `rank-${rank}.part`;
}

/** What belongs to a checkpoint. */
export interface Manifest extends Omit<Origin, "rank"> {
  readonly format: number;
  /** When it was saved. */
  readonly saved: string;
  readonly parts: readonly PartSeal[];
}

/** A checkpoint in the directory, by its name. */
export interface Named {
  readonly name: string;
  readonly number: number;
  readonly step: number;
}

/** A save that has begun. */
export interface Begun {
  readonly id: string;
  readonly path: string;
}

/** Saves of this process that are under way. */
const underWay: Set<string> = new Set();

/** What rank 0 does in the directory. */
export class Directory {
  readonly path: string;
  readonly #owner: Owner;

  private constructor(path: string, owner: Owner) {
    this.path = path;
    this.#owner = owner;
  }

  /** Makes the directory if it is missing, and removes what killed saves have left. */
  static async open(path: string): Promise<Directory> {
    await makeDirectory(path);
    const directory = new Directory(path, Owner.take(path));
    await directory.#removeLeftovers();
    return directory;
  }

  /** Makes a file by which ranks on other hosts see that they have the same directory. */
  async show(): Promise<string> {
    const name = `${shared}${randomBytes(8).toString("hex")}`;
    await writeFile(join(this.path, name), "");
    return name;
  }

  hide(name: string): Promise<void> {
    return unlink(join(this.path, name)).catch(() => {});
  }

  /** Begins a save. */
  async begin(): Promise<Begun> {
    this.#owner.check();
    await this.#removeLeftovers();
    const id = randomBytes(8).toString("hex");
    const name = `${saving}${id}`;
    const path = join(this.path, name);
    underWay.add(name);
    await mkdir(path);
    return { id, path };
  }

  /** All parts are on the disk: makes them the last checkpoint, at once. */
  async commit({ id, path }: Begun, step: number, parts: readonly PartSeal[]): Promise<void> {
    const manifest = { format, id, size: parts.length, step, saved: new Date().toISOString(), parts };
    await writeDurably(join(path, manifestName), sealed(manifest));
    await syncDirectory(path);
    this.#owner.check();
    const last = (await listed(this.path)).at(0)?.number ?? 0;
    await renameToNext(path, (more) => join(this.path, nameOf(last + 1 + more, step)));
    await syncDirectory(this.path);
    underWay.delete(`${saving}${id}`);
  }

  /** Gives up a save. */
  async discard({ id, path }: Begun): Promise<void> {
    await rm(path, { recursive: true, force: true }).catch(() => {});
    underWay.delete(`${saving}${id}`);
  }

  /** @throws MpiError `io` when another job has taken the directory, which explains all other errors */
  checkOwner(): void {
    this.#owner.check();
  }

  /** Removes all checkpoints but the last ones. Those that are damaged do not count. */
  async removeOld(keep: number, damaged: ReadonlySet<string>): Promise<void> {
    const all = await listed(this.path);
    const stay = all.filter(({ name }) => !damaged.has(name)).slice(0, keep);
    for (const { name } of all) {
      if (stay.some((each) => each.name === name)) continue;
      const aside = join(this.path, `${removing}${name}`);
      await rename(join(this.path, name), aside);
      await rm(aside, { recursive: true, force: true });
    }
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const isLeft = [saving, removing, shared].some((start) => name.startsWith(start));
      if (isLeft && !underWay.has(name)) await rm(join(this.path, name), { recursive: true, force: true });
    }
  }
}

/** The checkpoints in a directory, the last one first. */
export async function listed(directory: string): Promise<Named[]> {
  const found = (await readdir(directory)).flatMap((name) => {
    const [, number, step] = /^(\d{6,})-step-(\d+)$/.exec(name) ?? [];
    return number === undefined ? [] : [{ name, number: Number(number), step: Number(step) }];
  });
  return found.sort((a, b) => b.number - a.number);
}

/** With its parents. Not by `recursive`, with which Node 20 never ends where the system says ENOENT of a parent that exists: /proc/x. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path);
  }
}

function nameOf(number: number, step: number): string {
  return `${String(number).padStart(6, "0")}-step-${step}`;
}

/** Renames a directory to the first of some names that no other has. */
async function renameToNext(path: string, name: (more: number) => string): Promise<void> {
  for (let more = 0; ; more++) {
    try {
      await rename(path, name(more));
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    }
  }
}

function sealed(manifest: Manifest): string {
  const text = JSON.stringify(manifest);
  return `${JSON.stringify({ ...manifest, check: hex(crc32(text)) })}\n`;
}

/**
 * Reads what belongs to a checkpoint.
 * @throws Damage
 */
export async function readManifest(directory: string, { name, step }: Named): Promise<Manifest> {
  const text = await orDamage(manifestName, () => readFile(join(directory, name, manifestName), "utf8"));
  let manifest: Manifest & { check?: string };
  try {
    manifest = JSON.parse(text);
  } catch {
    throw new Damage(`${manifestName} is cut off or has changed`);
  }
  const { check, ...rest } = manifest ?? {};
  if (check !== hex(crc32(JSON.stringify(rest))))
    throw new Damage(`${manifestName} has changed: its checksum is wrong`);
  if (rest.format !== format) throw unknownFormat(`${name}/${manifestName}`, rest.format);
  if (rest.step !== step) throw new Damage(`it was saved at step ${rest.step}: the directory was renamed`);
  return rest;
}

/** Waits a moment for a file that another host has made: its own cache may be older. */
export async function isSeen(path: string): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    if ((await stat(path).catch(() => undefined)) !== undefined) return true;
    if (attempt === 5) return false;
    await sleep(200);
  }
}

export function notShared(path: string, host: string): MpiError {
  return new MpiError(
    "io",
    `${path} is not the same directory on all hosts: host ${host} does not see what rank 0 has made there; give a directory that all hosts share`,
  );
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await LocalFile.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666);
  try {
    await file.write(Buffer.from(text), 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Brings the names in a directory to the disk. Some file systems of networks have no such call, and need none. */
async function syncDirectory(path: string): Promise<void> {
  const file = await LocalFile.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await file.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
  } finally {
    await file.close();
  }
}
