import { readFileSync } from "node:fs";
import { processStat } from "../../system/process-stat.ts";

/** Variables, as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What PBS gave the job script, or the task that this process runs in: the environment with which the first process of
 * the PBS job among this one's ancestors began. Empty outside a job.
 *
 * The launching shell's own environment does not tell it: the script may have changed any variable since. PBS's daemon,
 * the parent of that process, belongs to root, and its environment cannot be read.
 */
export function givenByPbs(): Variables {
  return first().variables;
}

/** The same, but empty when this process is itself the first: its environment may have been changed before it began. */
export function givenToScript(): Variables {
  const { variables, isAncestor } = first();
  return isAncestor ? variables : {};
}

/** The first process of the job. */
interface First {
  variables: Variables;
  isAncestor: boolean;
}

let known: First | undefined;

function first(): First {
  const { PBS_JOBID: job } = process.env;
  known ??= job === undefined ? { variables: {}, isAncestor: false } : oldest(job);
  return known;
}

function oldest(job: string): First {
  let found: First = { variables: process.env, isAncestor: false };
  for (let pid = String(process.pid); pid !== "0" && pid !== "1"; ) {
    const variables = environmentOf(pid);
    if (variables?.["PBS_JOBID"] !== job) break;
    found = { variables, isAncestor: pid !== String(process.pid) };
    const parent = processStat(Number(pid))?.parent;
    if (parent === undefined) break;
    pid = String(parent);
  }
  return found;
}

/** The environment with which a process began; undefined when it cannot be read. */
function environmentOf(pid: string): Variables | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return Object.fromEntries(
      words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
    );
  } catch {
    return undefined;
  }
}
