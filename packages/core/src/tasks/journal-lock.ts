import { readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { invalid } from "../calls/check.ts";
import { type MpiError, messageOf } from "../calls/errors.ts";
import { processStatFields } from "../calls/process-stat.ts";
import { env } from "../wire/agent-protocol.ts";

/** The process that holds a lock, as the lock file says. */
export interface Holder {
  host: string;
  pid: number;
  /** Start time: it differs from that of a later process with the same pid. */
  started: string;
  /** The pid namespace. */
  pids: string;
  job: string;
}

/**
 * Lock of a journal: only one process at a time may use it. The lock is a file `<journal>.lock`, made with an exclusive `open`,
 * because `flock` does not work on every NFS. The file names its holder. The lock of a killed process is taken over if the
 * process is known to be gone, which only a process on the same host can find out.
 */
export class JournalLock {
  readonly #journal: string;
  readonly #path: string;
  readonly #text: string;
  readonly #atExit = (): void => this.release();

  /** @throws MpiError `invalid-argument` when another process has it, or this one already */
  constructor(journal: string) {
    this.#journal = journal;
    this.#path = `${resolved(journal)}.lock`;
    this.#text = JSON.stringify(ourselves());
    while (!this.#create()) {
      const text = this.#read();
      if (text === undefined) continue; // just released by its holder
      const holder = parseHolder(text);
      if (holder === undefined || !isGone(holder)) throw this.#inUse(holder);
      this.#takeAway(text);
    }
    process.once("exit", this.#atExit);
  }

  release(): void {
    process.removeListener("exit", this.#atExit);
    // A user may have removed the file by hand, and another job may have locked it since.
    if (this.#read() === this.#text) rmSync(this.#path, { force: true });
  }

  #create(): boolean {
    try {
      writeFileSync(this.#path, this.#text, { flag: "wx" });
      return true;
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw invalid(`the journal ${this.#journal} cannot be opened: no lock can be made for it: ${messageOf(error)}`);
    }
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw invalid(`the journal ${this.#journal} cannot be opened: its lock cannot be read: ${messageOf(error)}`);
    }
  }

  /** Removes a stale lock. Renames it first: another process that found the same stale lock may have made a new one since. */
  #takeAway(stale: string): void {
    const aside = `${this.#path}.${process.pid}`;
    try {
      renameSync(this.#path, aside);
    } catch (error) {
      if (hasCode(error, "ENOENT")) return;
      throw error;
    }
    const text = readFileSync(aside, "utf8");
    if (text === stale) {
      rmSync(aside);
      return;
    }
    renameSync(aside, this.#path);
    throw this.#inUse(parseHolder(text));
  }

  #inUse(holder: Holder | undefined): MpiError {
    const by =
      holder === undefined
        ? "another process"
        : `${holder.job === "" ? "a process" : `job ${holder.job}`} on ${holder.host} (pid ${holder.pid})`;
    const remedy = `wait for its end or name another file; if it is gone, remove ${this.#path}`;
    return invalid(`the journal ${this.#journal} is in use by ${by}: ${remedy}`);
  }
}

/** This process. */
export function ourselves(): Holder {
  const { pid } = process;
  const job = process.env[env.job] ?? "";
  return { host: hostname(), pid, started: startOf(pid) ?? "", pids: pidNamespace(), job };
}

/** Whether a process is of this host and container, so that it can be found out whether it is alive. */
export function isNear({ host, pids }: Holder): boolean {
  return host === hostname() && pids === pidNamespace();
}

/** Whether the holder is known to be gone. On another host or in another container it may be alive. */
export function isGone(holder: Holder): boolean {
  const { pid, started } = holder;
  if (!isNear(holder)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, "ESRCH");
  }
  const now = startOf(pid);
  return now !== undefined && started !== "" && now !== started;
}

/** Start time of a process, in ticks since the host's start (field 22); undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  return processStatFields(pid)?.[19];
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** What a lock file says; undefined for anything else. */
export function parseHolder(text: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(text);
    return typeof holder === "object" && holder !== null && "pid" in holder ? (holder as Holder) : undefined;
  } catch {
    return undefined; // not yet written by its holder
  }
}

/** The real path, so that two links to one file share a lock. */
function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
