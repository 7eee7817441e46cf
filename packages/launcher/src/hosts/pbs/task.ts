import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { seenPath } from "../../system/seen-paths.ts";
import { givenToJob } from "../first-process.ts";
import { takeOwn } from "../host-variables.ts";
import type { Task } from "../scheduler.ts";

export const task: Task = {
  // A process that leaves its session is out of PBS's reach for ever.
  keepsSessions: true,
  signalsRanks: true,
  keyVariables: { directory: "PBS_O_WORKDIR", secret: "PBS_JOBCOOKIE" },
  isInteractive: () => process.env["PBS_ENVIRONMENT"] === "PBS_INTERACTIVE",
  startedBy,
  cpusOfSlot,
  cleanVariables,
  describe,
  variablesThere,
};

/** The job script is PBS's task 1. */
function startedBy(): string | undefined {
  const { PBS_JOBID: job, PBS_TASKNUM: number } = process.env;
  return job !== undefined && number !== undefined && Number.parseInt(number, 16) !== 1 ? "pbsdsh" : undefined;
}

/**
 * NCPUS: `ompthreads` of the line's chunk where that was asked for, else the CPUs of the whole chunk, although it may have
 * several lines (`mpiprocs`). Undefined where PBS says nothing (TORQUE).
 */
export function cpusOfSlot(): number | undefined {
  const number = Number(givenToJob("PBS_JOBID")["NCPUS"]);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

/** Whether a variable has the value that PBS gave it, so that another host's own value may take its place. */
function isPbsValue(name: string): boolean {
  const value = process.env[name];
  return value !== undefined && value === givenToJob("PBS_JOBID")[name];
}

/** PBS gives NCPUS and OMP_NUM_THREADS the same number, whatever `qsub -v` says. A different one is the user's, or a site's. */
export function pbsChoseThreads(): boolean {
  return (
    isPbsValue("OMP_NUM_THREADS") && givenToJob("PBS_JOBID")["OMP_NUM_THREADS"] === givenToJob("PBS_JOBID")["NCPUS"]
  );
}

/**
 * OMP_NUM_THREADS that the user did not set is what PBS gave the first host: each host has its own number. PBS_NODEFILE is
 * made absolute, because ranks may start in another directory than the one that it is relative to.
 */
function cleanVariables(variables: Record<string, string>): Record<string, string> {
  const { OMP_NUM_THREADS: threads, PBS_NODEFILE: path, ...rest } = variables;
  return {
    ...rest,
    ...(threads === undefined || pbsChoseThreads() ? {} : { OMP_NUM_THREADS: threads }),
    ...(path === undefined ? {} : { PBS_NODEFILE: path && seenPath(path) }),
  };
}

/** PBS tells every task these anew; the launching shell has another task's values. TM, for one, needs its own. */
const ofTask = ["PBS_TASKNUM", "PBS_NODENUM", "PBS_VNODENUM", "PBS_MOMPORT", "PBS_JOBCOOKIE"];

/**
 * PBS, or a hook of the site, may give these anew on each host; the launching shell has the values of its own host. They
 * stay where the user chose them, and where this host's task has none.
 */
const ofHost = ["NCPUS", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"];

interface Described {
  /** The text of PBS_NODEFILE, where there is one: PBS does not put it, or does not name it, on every host. */
  nodeFile?: string;
  /** Variables that have the value that PBS gave them on the launcher's host, and that `--env` does not set. */
  ofPbs: string[];
  /** Variables of the task that `--env` sets. */
  chosen: string[];
}

function describe(given: Readonly<Record<string, string>>): Described {
  const ofPbs = [...ofHost, "TMPDIR"].filter((name) => given[name] === undefined && isPbsValue(name));
  const nodeFile = textOf(process.env["PBS_NODEFILE"]);
  const chosen = ofTask.filter((name) => given[name] !== undefined);
  return { ...(nodeFile === undefined ? {} : { nodeFile }), ofPbs, chosen };
}

/** A task on another host begins with next to nothing of the launching shell's environment. */
function variablesThere(
  variables: Record<string, string>,
  described: object,
  directory: string,
): Record<string, string> {
  const { nodeFile, ofPbs, chosen } = described as Described;
  const result = { ...variables };
  const own = process.env;
  const take = (name: string): void => takeOwn(result, name, own);
  for (const name of ofTask) if (!chosen.includes(name)) take(name);
  const { TMPDIR: temporary, PBS_NODEFILE: path } = result;
  for (const name of ofHost) if (ofPbs.includes(name) && own[name] !== undefined) take(name);
  // PBS makes one on each host for the job, all of one name. A directory of the user's may have the job's name in it, too.
  if (ofPbs.includes("TMPDIR") && own["TMPDIR"] !== undefined && basename(own["TMPDIR"]) === basename(temporary ?? ""))
    take("TMPDIR");
  if (nodeFile !== undefined && path !== undefined && textOf(path) !== nodeFile) {
    result["PBS_NODEFILE"] = join(directory, "nodefile");
    writeFileSync(result["PBS_NODEFILE"], nodeFile);
  }
  return result;
}

function textOf(path = ""): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
