import { readFileSync } from "node:fs";
import { processStat } from "../system/process-stat.ts";

/** Variables, as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a scheduler gave the job script, or the task that this process runs in: the environment with which the first process
 * of the job among this one's ancestors began. `jobVariable` has the job's name. Empty outside a job.
 *
 * The launching shell's own environment does not tell it: the script may have changed any variable since. The scheduler's
 * daemon, the parent of that process, belongs to root, and its environment cannot be read.
 */
export function givenToJob(jobVariable: string): Variables {
  return first(jobVariable).variables;
}

/** The same, but empty when this process is itself the first: its environment may have been changed before it began. */
export function givenToScript(jobVariable: string): Variables {
  const { variables, isAncestor } = first(jobVariable);
  return isAncestor ? variables : {};
}

/** Whether this process still has the value with which the job began, which may be none. */
export function hasGivenValue(name: string, jobVariable: string): boolean {
  return process.env[name] === givenToJob(jobVariable)[name];
}

/** The first process of the job. */
interface First {
  variables: Variables;
  isAncestor: boolean;
}

const known = new Map<string, First>();

function first(jobVariable: string): First {
  const { [jobVariable]: job } = process.env;
  const found = known.get(jobVariable) ?? (job === undefined ? none : oldest(jobVariable, job));
  known.set(jobVariable, found);
  return found;
}

const none: First = { variables: {}, isAncestor: false };

function oldest(jobVariable: string, job: string): First {
  let found: First = { variables: process.env, isAncestor: false };
  for (let pid = String(process.pid); pid !== "0" && pid !== "1"; ) {
    const variables = environmentOf(pid);
    if (variables?.[jobVariable] !== job) break;
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
