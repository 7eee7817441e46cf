import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isSame } from "../../system/seen-paths.ts";
import { givenToScript } from "./environment.ts";
import { jobStatus, linesOf } from "./status.ts";
import { pbsSetting } from "./tools.ts";

/** The host names of a node file, a slot each. */
export function parseNodeFile(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/**
 * The lines that `pbsdsh -n` counts: those of the node file that PBS itself has written for this job, whatever PBS_NODEFILE
 * names now. Undefined where they cannot be had. The server is asked only when there is no such file, since many jobs
 * would ask it.
 */
export async function ownLines(job: string): Promise<string[] | undefined> {
  for (const path of ownFiles(job)) {
    const lines = read(path);
    if (lines.length > 0) return lines;
  }
  const status = await jobStatus(job);
  return status === undefined ? undefined : linesOf(status);
}

/** Whether this is the node file that PBS itself has written, as far as can be told without asking the server. */
export function isOwnFile(path: string, job: string): boolean {
  return ownFiles(job).some((own) => isSame(own, path));
}

/** In the order of trust: in PBS's own directory on this host, then what the job script was given. */
function ownFiles(job: string): string[] {
  const homes = [process.env["PBS_HOME"], pbsSetting("PBS_HOME"), "/var/spool/pbs", "/var/spool/torque"];
  const files = homes.flatMap((home) => (home ? [join(home, "aux", job)] : []));
  const { PBS_NODEFILE: given } = givenToScript();
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
