import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MpiError } from "../calls/errors.ts";
import { processStatFields } from "../calls/process-stat.ts";
import { warn } from "../calls/warning.ts";
import { type Holder, isGone, isNear, ourselves, parseHolder } from "../tasks/journal-lock.ts";

const fileName = "owner.json";

/** Directories whose owner is this process: it lets go of them when it ends. */
const owned: Set<Owner> = new Set();

process.once("exit", () => {
  for (const owner of owned) owner.release();
});

/**
 * Which process uses a directory of checkpoints: rank 0 of a job. Two jobs at once would remove each other's checkpoints, and go on
 * from each other's state.
 *
 * The file `owner.json` names the process. While that is known to be alive, another job is refused. One that is gone, or may be gone
 * because it was on another host, is replaced: a job that is started again after its host was lost must not wait for anyone. If it is
 * alive after all, its next save finds out, and rejects before anything becomes current.
 */
export class Owner {
  readonly #directory: string;
  readonly #path: string;
  readonly #text: string;

  private constructor(directory: string, text: string) {
    this.#directory = directory;
    this.#path = join(directory, fileName);
    this.#text = text;
  }

  /** @throws MpiError `io` when another process is known to use the directory */
  static take(directory: string): Owner {
    const us = ourselves();
    const owner = new Owner(directory, JSON.stringify(us));
    const before = owner.#read();
    if (before === owner.#text) return owner;
    const holder = before === undefined ? undefined : parseHolder(before);
    if (holder !== undefined) checkGone(directory, holder, us);
    const aside = `${owner.#path}.${us.pid}`;
    writeFileSync(aside, owner.#text);
    renameSync(aside, owner.#path);
    owned.add(owner);
    return owner;
  }

  /** @throws MpiError `io` when another job has taken the directory since */
  check(): void {
    const text = this.#read();
    if (text === this.#text) return;
    const holder = text === undefined ? undefined : parseHolder(text);
    const by = holder === undefined ? `${this.#path} was removed` : `${named(holder)} has taken it over`;
    throw new MpiError("io", `${this.#directory} is no longer this job's: ${by}; give each job a directory of its own`);
  }

  release(): void {
    owned.delete(this);
    try {
      if (this.#read() === this.#text) rmSync(this.#path, { force: true });
    } catch {
      // it says that its process is gone, too
    }
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}

function checkGone(directory: string, holder: Holder, us: Holder): void {
  if (isNear(holder)) {
    if (isGone(holder) || processStatFields(holder.pid)?.[0] === "Z") return;
    const own = holder.job !== "" && holder.job === us.job;
    const remedy = own
      ? "give each communicator with another rank 0 a directory of its own"
      : "wait for its end, or name another directory";
    throw new MpiError("io", `${directory} is in use by ${own ? "this job, " : ""}${named(holder)}: ${remedy}`);
  }
  if (holder.job !== "" && holder.job === us.job) return;
  warn(
    `${directory} was last used by ${named(holder)}, which has not ended in good order; if it still runs, it cannot save there any more`,
  );
}

function named({ job, host, pid }: Holder): string {
  return `${job === "" ? "a process" : `job ${job}`} on ${host} (pid ${pid})`;
}
