import { readFileSync } from "node:fs";
import { LaunchError, reasonOf } from "../../errors/launch-error.ts";
import { nameOfHere, sameHost } from "../../system/this-host.ts";
import type { Allocation, Host } from "../host.ts";
import { isOwnFile, ownLines, parseNodeFile } from "./own-lines.ts";

/** A file of host names, a slot each line, and what the user calls it. */
export interface NodeFile {
  path: string | undefined;
  name: string;
}

/** So many hosts are listed in a message. */
const mostListed = 8;

/**
 * The PBS job that this process runs in: a line of the node file is a slot, and rank i sits on line i. `file` may be one
 * that the user has edited or written: its lines are hosts of the job, in any order and number.
 *
 * @throws LaunchError inside a job whose node file cannot be had, naming the variable and the path; or when a line of it
 * is no host of the job.
 */
export async function pbs(file?: NodeFile): Promise<Allocation | undefined> {
  const { PBS_JOBID: job } = process.env;
  const { path, name } = file ?? { path: process.env["PBS_NODEFILE"], name: "PBS_NODEFILE" };
  if (path === undefined) {
    if (job === undefined) return undefined;
    // A task that pbsdsh started is in the job too, and on the job's first host PBS does not tell it the node file.
    throw new LaunchError(
      `PBS_JOBID is ${job}, but PBS_NODEFILE is not set: start tsmpi from the job script itself, or say --hosts localhost:2`,
    );
  }
  const text = readNodeFile({ path, name });
  const given = parseNodeFile(text);
  const known = job === undefined || isOwnFile(path, job) ? undefined : await ownLines(job);
  const own = known ?? given;
  const lines = known === undefined ? given : checked(text, known, { path, name });
  const hosts = await hostsOn(own, lines);
  const order = lines.map((line) => hosts.get(line)!);
  const edited = lines.join("\n") !== own.join("\n");
  return {
    hosts: [...hosts.values()],
    order,
    granted: true,
    source: `${name} ${path}`,
    ...(edited ? { notes: [describeEdited(`${name} ${path}`, own, lines)] } : {}),
  };
}

/** The hosts that `lines` name, with a slot for each, and where pbsdsh finds them among PBS's `own` lines. */
async function hostsOn(own: readonly string[], lines: readonly string[]): Promise<Map<string, Host>> {
  const here = await nameOfHere([...new Set(lines)]);
  const hosts = new Map<string, Host>();
  for (const name of lines) {
    const host = hosts.get(name);
    if (host === undefined) hosts.set(name, { name, slots: 1, here: name === here, ...placeAmong(own, name)! });
    else host.slots++;
  }
  return hosts;
}

/** The first of PBS's own lines that a host has, and how many it has; undefined for a host that is not the job's. */
export function placeAmong(own: readonly string[], name: string): { line: number; lines: number } | undefined {
  const meant = spelling(new Set(own), name);
  if (meant === undefined) return undefined;
  return { line: own.indexOf(meant), lines: own.filter((line) => line === meant).length };
}

/** How PBS writes the host that is meant. */
function spelling(own: ReadonlySet<string>, name: string): string | undefined {
  return own.has(name) ? name : [...own].find((host) => sameHost(host, name));
}

/** The hosts that the lines of a file name, in PBS's own spelling. */
function checked(text: string, lines: readonly string[], { path, name }: NodeFile): string[] {
  const own = new Set(lines);
  return text.split("\n").flatMap((raw, index) => {
    const line = raw.trim();
    if (line === "") return [];
    const host = spelling(own, line);
    if (host !== undefined) return [host];
    throw new LaunchError(
      `${name} ${path}, line ${index + 1}: "${line}" is no host of this job; each line has to be one of ${listed([...own])}, and nothing else`,
    );
  });
}

function describeEdited(file: string, own: readonly string[], lines: readonly string[]): string {
  const left = [...new Set(own)].filter((host) => !lines.includes(host));
  const unused =
    left.length === 0 ? "all hosts of the job are in it" : `hosts of the job that are not used: ${listed(left)}`;
  return `${file} is not what PBS wrote; ${unused}`;
}

function listed(hosts: readonly string[]): string {
  const more = hosts.length - mostListed;
  return `${hosts.slice(0, mostListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function readNodeFile({ path, name }: NodeFile): string {
  let text: string;
  try {
    text = readFileSync(path!, "utf8");
  } catch (error) {
    throw new LaunchError(`${name} is ${path || "empty"}, which cannot be read: ${reasonOf(error)}`);
  }
  if (parseNodeFile(text).length === 0) throw new LaunchError(`${name} is ${path}, which names no host`);
  return text;
}
