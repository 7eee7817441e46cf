import { readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { invalid } from "../calls/check.ts";
import { type MpiError, messageOf } from "../calls/errors.ts";
import { env } from "../wire/agent-protocol.ts";

/** Who holds a lock, as its file says. */
interface Holder {
  host: string;
  pid: number;
  /** Tells the process from a later one with the same pid: when it was started, and the namespace that counts pids. */
  started: string;
  pids: string;
  job: string;
}

/**
 * One process at a time may use a journal. The lock is a file beside it, `<journal>.lock`, which says who has it: an exclusive
 * `open` works on NFS too, `flock` does not everywhere. What a killed process left behind is taken over where that is known,
 * on the same host.
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
      if (text === undefined) continue; // its holder has just released it
      const holder = parse(text);
      if (holder === undefined || !isGone(holder)) throw this.#inUse(holder);
      this.#takeAway(text);
    }
    process.once("exit", this.#atExit);
  }

  release(): void {
    process.removeListener("exit", this.#atExit);
    // Whoever removed it by hand may have given it to another job.
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

  /** Renamed first: of two that find the same stale lock, one gets it; the other must not remove the first one's new lock. */
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
    throw this.#inUse(parse(text));
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

function ourselves(): Holder {
  const { pid } = process;
  const job = process.env[env.job] ?? "";
  return { host: hostname(), pid, started: startOf(pid) ?? "", pids: pidNamespace(), job };
}

/** Only what is known: a holder on another host, or in another container, may be alive. */
function isGone({ host, pid, started, pids }: Holder): boolean {
  if (host !== hostname() || pids !== pidNamespace()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, "ESRCH");
  }
  const now = startOf(pid);
  return now !== undefined && started !== "" && now !== started;
}

/** When a process was started, in ticks since the host's start (field 22); undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function parse(text: string): Holder | undefined {
  try {
    const holder: unknown = JSON.parse(text);
    return typeof holder === "object" && holder !== null && "pid" in holder ? (holder as Holder) : undefined;
  } catch {
    return undefined; // its holder is about to write it
  }
}

/** One name for a file, whichever links lead to it. */
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
