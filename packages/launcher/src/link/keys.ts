import { hkdfSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KeyName } from "./secure.ts";

/**
 * The keys of one job, where its agents find them: in directories which hosts of a cluster usually share. Whether they
 * do cannot be seen from here, so an agent that finds none makes a key from PBS's cookie of the job, which every task
 * has in its environment and no other user can see.
 */
export class JobKeys {
  /** Where the key is to be found: directories which only their owner may look into. */
  readonly directories: readonly string[];
  readonly #keys: Map<KeyName, Uint8Array> = new Map();

  /** Nothing is written yet: who shall remove the directories has to know of them first. */
  constructor(job: string) {
    this.directories = [process.env["PBS_O_WORKDIR"], home()]
      .filter((place, index, all) => place !== undefined && all.indexOf(place) === index)
      .map((place) => join(place!, `.tsmpi-${randomBytes(12).toString("hex")}`));
    const cookie = cookieKey(job);
    if (cookie !== undefined) this.#keys.set("cookie", cookie);
  }

  /** Makes the directories, and puts the key there. */
  deposit(): void {
    const key = randomBytes(32);
    const deposited = this.directories.filter((directory) => deposit(key, directory));
    if (deposited.length > 0) this.#keys.set("file", key);
  }

  get(name: string): Uint8Array | undefined {
    return this.#keys.get(name as KeyName);
  }

  /** Whether an agent can have any key at all. */
  get usable(): boolean {
    return this.#keys.size > 0;
  }

  /** Everybody is here who needs it. */
  remove(): void {
    for (const directory of this.directories) rmSync(directory, { recursive: true, force: true });
  }
}

/** The key that this agent can have, and where it got it from. */
export function findKey(job: string, directories: readonly string[]): { name: KeyName; key: Uint8Array } | undefined {
  for (const directory of directories) {
    try {
      return { name: "file", key: readFileSync(join(directory, "key")) };
    } catch {} // not shared, or not with this host
  }
  const key = cookieKey(job);
  return key === undefined ? undefined : { name: "cookie", key };
}

function deposit(key: Uint8Array, directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, "key"), key, { mode: 0o600, flag: "wx" });
    return true;
  } catch {
    return false; // read-only, full, not there: there are other ways
  }
}

/** The job's name goes in too, so that two `tsmpi run` in one PBS job do not know each other's keys. */
function cookieKey(job: string): Uint8Array | undefined {
  const { PBS_JOBCOOKIE: cookie } = process.env;
  if (cookie === undefined || cookie === "") return undefined;
  return new Uint8Array(hkdfSync("sha256", cookie, job, "tsmpi control link", 32));
}

function home(): string | undefined {
  try {
    return homedir() || undefined; // an empty HOME would be the working directory
  } catch {
    return undefined;
  }
}
