import { readFileSync } from "node:fs";
import { nameOfHere } from "../here.ts";
import type { Allocation, Host } from "../host.ts";
import { LaunchError, reasonOf } from "../launch-error.ts";

/**
 * The PBS job that this process runs in: a line of the node file is a slot, and rank i sits on line i.
 *
 * @throws LaunchError inside a job whose node file cannot be had, naming the variable and the path.
 */
export async function pbs(): Promise<Allocation | undefined> {
  const { PBS_JOBID: job, PBS_NODEFILE: path } = process.env;
  if (path === undefined) {
    if (job === undefined) return undefined;
    // A task that pbsdsh started is in the job too, and on the job's first host PBS does not tell it the node file.
    throw new LaunchError(
      `PBS_JOBID is ${job}, but PBS_NODEFILE is not set: start tsmpi from the job script itself, or say --hosts localhost:2`,
    );
  }
  const lines = readNodeFile(path);
  const here = await nameOfHere([...new Set(lines)]);
  const hosts = new Map<string, Host>();
  for (const [line, name] of lines.entries()) {
    const host = hosts.get(name);
    if (host !== undefined) host.slots++;
    else hosts.set(name, { name, slots: 1, here: name === here, line });
  }
  const order = lines.map((name) => hosts.get(name)!);
  return { hosts: [...hosts.values()], order, granted: true, source: `PBS_NODEFILE ${path}` };
}

/** The host names of a node file, a slot each. */
export function parseNodeFile(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function readNodeFile(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new LaunchError(`PBS_NODEFILE is ${path || "empty"}, which cannot be read: ${reasonOf(error)}`);
  }
  const lines = parseNodeFile(text);
  if (lines.length === 0) throw new LaunchError(`PBS_NODEFILE is ${path}, which names no host`);
  return lines;
}
