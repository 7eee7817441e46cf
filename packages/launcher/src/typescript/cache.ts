import { createHash, randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

const dayMs = 24 * 60 * 60 * 1000;

/** Keeps values between runs, by the hash of what they were made from. Values may be missing; no call fails. */
export interface Cache {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

const nothing: Cache = { get: () => undefined, set: () => {} };
let opened: Cache | undefined;

/** The user's cache, `$XDG_CACHE_HOME/tsmpi` or `~/.cache/tsmpi`. Keeps nothing if that cannot be used. */
export function cache(): Cache {
  opened ??= open();
  return opened;
}

/** A key for everything that a value depends on. */
export function keyOf(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 40);
}

/** Why the cache keeps nothing, as a sentence; undefined if it works. */
export function cacheObstacle(): string | undefined {
  const folder = folderOf();
  if (folder === undefined) return "this user has no home directory for a cache; XDG_CACHE_HOME names one";
  if (!isSafe(folder)) return `${folder} cannot be made, or others may write there; XDG_CACHE_HOME names another place`;
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    return `${folder} cannot be written to; XDG_CACHE_HOME names another place`;
  }
}

function open(): Cache {
  const folder = folderOf();
  if (!folder || !isSafe(folder)) return nothing;
  return {
    get(key) {
      const file = join(folder, `${key}.json`);
      try {
        const value: unknown = JSON.parse(readFileSync(file, "utf8"));
        keep(file);
        return value;
      } catch {
        return undefined; // absent, or half-written by a crash
      }
    },
    set(key, value) {
      const temporary = join(folder, `${randomUUID()}.tmp`);
      try {
        writeFileSync(temporary, JSON.stringify(value), { mode: 0o600, flag: "wx" });
        renameSync(temporary, join(folder, `${key}.json`)); // atomic, because several launchers may write
        prune(folder);
      } catch {
        rmSync(temporary, { force: true });
      }
    },
  };
}

function folderOf(): string | undefined {
  const { XDG_CACHE_HOME } = process.env;
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "tsmpi");
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, ".cache", "tsmpi") : undefined; // an empty HOME would be the working directory
  } catch {
    return undefined; // this user has no home
  }
}

/** Whether only this user can write there: code from the cache is run. */
function isSafe(folder: string): boolean {
  try {
    makeFolder(folder);
    const stats = lstatSync(folder);
    const isOurs = stats.uid === (process.getuid?.() ?? stats.uid);
    return stats.isDirectory() && isOurs && (stats.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** Not `recursive`: with it, Node 20 never returns for a path like /proc/x. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another launcher has made it
  }
}

/** Marks an entry as used, at most once a day. */
function keep(file: string): void {
  try {
    if (Date.now() - statSync(file).mtimeMs > dayMs) utimesSync(file, new Date(), new Date());
  } catch {
    // the file system is read-only; entries can still be read
  }
}

/** Removes entries that were not used for a month. Runs at most once a day, when an entry is written. */
function prune(folder: string): void {
  const mark = join(folder, "pruned");
  const now = Date.now();
  if (now - (statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0) < dayMs) return;
  writeFileSync(mark, "", { mode: 0o600 });
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const ageMs = now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now);
    if (ageMs > (name.endsWith(".tmp") ? dayMs : 30 * dayMs)) rmSync(file, { force: true });
  }
}
