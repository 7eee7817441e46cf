import { readFileSync } from "node:fs";
import { LaunchError, reasonOf } from "../errors/launch-error.ts";
import { sameHost } from "../system/this-host.ts";

/** A message lists at most this many hosts. */
const mostListed = 8;

/** A file of host names, one slot a line, and what the user calls it. */
export interface HostFile {
  path: string;
  name: string;
}

/** The host names of a file, one slot each. */
export function parseHostFile(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/**
 * The text of a file of hosts: PBS_NODEFILE, or what the user gave with `--hostfile`.
 *
 * @throws LaunchError when it cannot be read, or names no host
 */
export function readHostFile({ path, name }: HostFile): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new LaunchError(`${name} is ${path || "empty"}, which cannot be read: ${reasonOf(error)}`);
  }
  if (parseHostFile(text).length === 0) throw new LaunchError(`${name} is ${path}, which names no host`);
  return text;
}

/** The host in the scheduler's own spelling; undefined for a host that is not among its `own`. */
export function spelling(own: readonly string[], name: string): string | undefined {
  return own.includes(name) ? name : own.find((host) => sameHost(host, name));
}

/** The hosts that the lines of a file name, in the scheduler's own spelling. `own` are those of the job. */
export function checkedLines(text: string, lines: readonly string[], { path, name }: HostFile): string[] {
  const own = [...new Set(lines)];
  return text.split("\n").flatMap((raw, index) => {
    const line = raw.trim();
    if (line === "") return [];
    const host = spelling(own, line);
    if (host !== undefined) return [host];
    throw new LaunchError(
      `${name} ${path}, line ${index + 1}: "${line}" is no host of this job; each line has to be one of ${listed(own)}, and nothing else`,
    );
  });
}

/** The first hosts of a list, for a message. */
export function listed(hosts: readonly string[]): string {
  const more = hosts.length - mostListed;
  return `${hosts.slice(0, mostListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
