import { LaunchError } from "../../errors/launch-error.ts";
import { nameOfHere } from "../../system/this-host.ts";
import type { Allocation, Host } from "../host.ts";
import { listed, spelling } from "../host-names.ts";
import type { AllocationSource } from "../scheduler.ts";
import { isOwnFile, ownLines, parseNodeFile, readNodeFile } from "./node-file.ts";
import { NodeFileLines } from "./node-file-lines.ts";
import { isOfSlurm } from "./of-slurm.ts";

export const allocation: AllocationSource = { find, placesOf };

/**
 * The PBS job that this process runs in.
 *
 * @throws LaunchError inside a job whose node file is missing, naming the variable and the path.
 */
async function find(): Promise<Allocation | undefined> {
  const { PBS_JOBID: job, PBS_NODEFILE: path } = process.env;
  if (isOfSlurm()) return undefined;
  if (path !== undefined) return read(path);
  if (job === undefined) return undefined;
  // A task that pbsdsh started is in the job too, and on the job's first host PBS does not tell it the node file.
  throw new LaunchError(
    `PBS_JOBID is ${job}, but PBS_NODEFILE is not set: start tsmpi from the job script itself, or say --hosts localhost:2`,
  );
}

/**
 * A line of the file is a slot, and rank i runs on line i. The user may have edited or written the file: its lines are
 * hosts of the job, in any order and number.
 *
 * @throws LaunchError when the file cannot be read, or when a line of it is no host of the job.
 */
async function read(path: string): Promise<Allocation> {
  const { PBS_JOBID: job } = process.env;
  const source = `PBS_NODEFILE ${path}`;
  const text = readNodeFile(path);
  const given = parseNodeFile(text);
  const known = job === undefined || isOwnFile(path, job) ? undefined : await ownLines(job);
  const own = known ?? given;
  const lines = known === undefined ? given : checked(text, known, source);
  const hosts = await hostsOn(own, lines);
  const order = lines.map((line) => hosts.get(line)!);
  const edited = lines.join("\n") !== own.join("\n");
  return {
    hosts: [...hosts.values()],
    order,
    granted: true,
    source,
    ...(edited ? { notes: [describeEdited(source, own, lines)] } : {}),
  };
}

/** The hosts that `lines` name, with a slot for each, and their places among PBS's `own` lines. */
async function hostsOn(own: readonly string[], lines: readonly string[]): Promise<Map<string, Host>> {
  const here = await nameOfHere([...new Set(lines)]);
  const hosts = new Map<string, Host>();
  for (const name of lines) {
    const host = hosts.get(name);
    if (host !== undefined) host.slots++;
    else hosts.set(name, { name, slots: 1, here: name === here, place: placeAmong(own, name)! });
  }
  return hosts;
}

/** A name of this machine that PBS does not use, such as localhost, gets the number of lines, but no line for pbsdsh. */
async function placesOf(
  names: readonly string[],
  here: string | undefined,
): Promise<ReadonlyMap<string, NodeFileLines>> {
  const { PBS_JOBID: job } = process.env;
  const own = (job === undefined ? undefined : await ownLines(job)) ?? [];
  const ownHere = here === undefined || placeAmong(own, here) ? here : await nameOfHere([...new Set(own)]);
  const places = new Map<string, NodeFileLines>();
  for (const name of names) {
    const meant = placeAmong(own, name === here ? (ownHere ?? "") : name);
    if (meant !== undefined) places.set(name, new NodeFileLines(placeAmong(own, name)?.first, meant.count));
  }
  return places;
}

/** The lines of a host among PBS's own; undefined for a host that is not the job's. */
function placeAmong(own: readonly string[], name: string): NodeFileLines | undefined {
  const meant = spelling(own, name);
  if (meant === undefined) return undefined;
  return new NodeFileLines(own.indexOf(meant), own.filter((line) => line === meant).length);
}

/** The hosts that the lines of a file name, in PBS's own spelling. */
function checked(text: string, lines: readonly string[], source: string): string[] {
  const own = [...new Set(lines)];
  return text.split("\n").flatMap((raw, index) => {
    const line = raw.trim();
    if (line === "") return [];
    const host = spelling(own, line);
    if (host !== undefined) return [host];
    throw new LaunchError(
      `${source}, line ${index + 1}: "${line}" is no host of this job; each line has to be one of ${listed(own)}, and nothing else`,
    );
  });
}

function describeEdited(file: string, own: readonly string[], lines: readonly string[]): string {
  const left = [...new Set(own)].filter((host) => !lines.includes(host));
  const unused =
    left.length === 0 ? "all hosts of the job are in it" : `hosts of the job that are not used: ${listed(left)}`;
  return `${file} is not what PBS wrote; ${unused}`;
}
