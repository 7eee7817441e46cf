import { hkdfSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KeyName } from "./secure.ts";

/** What a batch system has for keys: a directory that hosts may share, and a secret that all tasks of a job know. */
export interface KeySources {
  directory: string | undefined;
  secret: string | undefined;
}

/**
 * The keys of one job, in directories that hosts of a cluster usually share. Whether they do cannot be seen from here. An
 * agent that finds no key makes one from the job's secret, which every task of a batch job has in its environment and no
 * other user can see.
 */
export class JobKeys {
  /** The directories that hold the key. Only their owner can enter them. */
  readonly directories: readonly string[];
  /** The key for agents whose starter brings it to them where no other user can see it. */
  readonly ofStarter: Uint8Array = randomBytes(32);
  readonly #keys: Map<KeyName, Uint8Array> = new Map([["starter", this.ofStarter]]);

  /** Writes nothing yet: the process that removes the directories must know of them first. */
  constructor(job: string, { directory, secret }: KeySources) {
    this.directories = [directory, home()]
      .filter((place, index, all) => place !== undefined && all.indexOf(place) === index)
      .map((place) => join(place!, `.tsmpi-${randomBytes(12).toString("hex")}`));
    const cookie = secretKey(job, secret);
    if (cookie !== undefined) this.#keys.set("cookie", cookie);
  }

  /** Makes the directories and writes the key into them. */
  deposit(): void {
    const key = randomBytes(32);
    const deposited = this.directories.filter((directory) => deposit(key, directory));
    if (deposited.length > 0) this.#keys.set("file", key);
  }

  get(name: string): Uint8Array | undefined {
    return this.#keys.get(name as KeyName);
  }

  /** Whether an agent can have a key that its starter does not bring. */
  get canBeFound(): boolean {
    return this.#keys.has("file") || this.#keys.has("cookie");
  }

  /** All agents are here: no process needs the key any more. */
  remove(): void {
    for (const directory of this.directories) rmSync(directory, { recursive: true, force: true });
  }
}

/** The key that this agent can have, and its kind; undefined when there is none. */
export function findKey(
  job: string,
  directories: readonly string[],
  secret: string | undefined,
): { name: KeyName; key: Uint8Array } | undefined {
  for (const directory of directories) {
    try {
      return { name: "file", key: readFileSync(join(directory, "key")) };
    } catch {} // this host does not share the directory
  }
  const key = secretKey(job, secret);
  return key === undefined ? undefined : { name: "cookie", key };
}

/** Variables by which a starter tells its agent that it holds the standard input, and brings the key. */
const [inputVariable, keyVariable] = ["TSMPI_AGENT_INPUT", "TSMPI_AGENT_KEY"];

/** A starter's part of {@link takeStarterWords}: variables and their values, as a shell takes them. */
export function starterVariables(key: Uint8Array | undefined): string[] {
  const held = `${inputVariable}=held`;
  return key === undefined ? [held] : [held, `${keyVariable}=${Buffer.from(key).toString("base64")}`];
}

/** What the starter told this agent. Processes that the agent starts do not get it. */
export function takeStarterWords(): { holdsInput: boolean; brought?: { name: KeyName; key: Uint8Array } } {
  const { [inputVariable]: held, [keyVariable]: text } = process.env;
  delete process.env[inputVariable];
  delete process.env[keyVariable];
  const key = text === undefined ? {} : { brought: { name: "starter" as const, key: Buffer.from(text, "base64") } };
  return { holdsInput: held !== undefined, ...key };
}

function deposit(key: Uint8Array, directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, "key"), key, { mode: 0o600, flag: "wx" });
    return true;
  } catch {
    return false; // read-only, full, missing: another directory or the secret may do
  }
}

/** The job's name goes in too, so that two `tsmpi run` in one batch job do not know each other's keys. */
function secretKey(job: string, secret: string | undefined): Uint8Array | undefined {
  return secret ? new Uint8Array(hkdfSync("sha256", secret, job, "tsmpi control link", 32)) : undefined;
}

function home(): string | undefined {
  try {
    return homedir() || undefined; // an empty HOME would be the working directory
  } catch {
    return undefined;
  }
}
