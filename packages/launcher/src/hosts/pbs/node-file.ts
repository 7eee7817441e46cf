import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LaunchError } from "../../errors/launch-error.ts";
import { isSame } from "../../system/seen-paths.ts";
import { givenToScript } from "../first-process.ts";
import { readList } from "../tools.ts";
import { jobStatus, linesOf } from "./status.ts";
import { pbsSetting } from "./tools.ts";

/** The host names of a node file, one slot each. */
export function parseNodeFile(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/**
 * The text of PBS_NODEFILE.
 *
 * @throws LaunchError when it cannot be read, or names no host
 */
export function readNodeFile(path: string): string {
  const text = readList("PBS_NODEFILE", path);
  if (parseNodeFile(text).length === 0) throw new LaunchError(`PBS_NODEFILE is ${path}, which names no host`);
  return text;
}

/**
 * The lines that `pbsdsh -n` counts: those of the node file that PBS itself wrote for this job. PBS_NODEFILE may name
 * another file by now. Undefined where they cannot be found out. The server is asked only when there is no such file,
 * because hundreds of jobs ask the same server.
 */
export async function ownLines(job: string): Promise<string[] | undefined> {
  for (const path of ownFiles(job)) {
    const lines = read(path);
    if (lines.length > 0) return lines;
  }
  const status = await jobStatus(job);
  return status === undefined ? undefined : linesOf(status);
}

/** Whether this is the node file that PBS itself wrote, as far as this host can tell without asking the server. */
export function isOwnFile(path: string, job: string): boolean {
  return ownFiles(job).some((own) => isSame(own, path));
}

/** The most reliable first: the one in PBS's own directory on this host, then the one that the job script was given. */
function ownFiles(job: string): string[] {
  const homes = [process.env["PBS_HOME"], pbsSetting("PBS_HOME"), "/var/spool/pbs", "/var/spool/torque"];
  const files = homes.flatMap((home) => (home ? [join(home, "aux", job)] : []));
  const { PBS_NODEFILE: given } = givenToScript("PBS_JOBID");
  const found = files.filter((path) => read(path).length > 0);
  return found.length > 0 || !given ? found : [given];
}

function read(path: string): string[] {
  try {
    return parseNodeFile(readFileSync(path, "utf8"));
  } catch {
    return [];
  }
}
