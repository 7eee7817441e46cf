import { firstStepOfNoSrun } from "@tsmpi/core/bootstrap";
import { LaunchError } from "../../errors/launch-error.ts";
import { expandCounts, expandNodes } from "./node-list.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A host of the job around this process. */
export interface JobNode {
  /** NodeName: `hostname` may be another one. */
  name: string;
  /** What Slurm calls tasks: processes that the user asked for there. */
  tasks: number;
  /** CPUs that the job has there; undefined in a step, which Slurm tells only its first host's. */
  cpus: number | undefined;
  /** Number of its component in a heterogeneous job; undefined in others. */
  group: number | undefined;
}

/** What Slurm gave: the whole job, or in a step of srun only what the step has. */
export interface SlurmJob {
  id: string;
  /** In the order of Slurm's lists, which is also that of SLURM_NODEID. A host may be in two components. */
  nodes: JobNode[];
  /** For people: where `tasks` come from. */
  source: string;
  /** All hosts of the job, where a step has only some of them. */
  all: string[];
}

/**
 * The Slurm job around this process; undefined outside.
 *
 * @throws LaunchError when variables are missing, or do not fit together.
 */
export function slurmJob(variables: Variables = process.env): SlurmJob | undefined {
  const { SLURM_JOB_ID: id } = variables;
  if (id === undefined) return undefined;
  const all = nodeLists(variables).flatMap(({ name, list }) => expand(name, list));
  if (!isStep(variables)) return { id, nodes: nodesOfJob(variables), source: jobSource(variables, id), all };
  const nodes = nodesWith(variables, "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE");
  const groups = nodeLists(variables).map(({ name, list }) => expand(name, list));
  const source = `SLURM_STEP_TASKS_PER_NODE (step ${id}.${variables["SLURM_STEP_ID"]})`;
  return { id, nodes: nodes.map((node) => ({ ...node, group: groupOf(node.name, groups) })), source, all };
}

/** The node lists of the job: one, or one for each component of a heterogeneous job (`sbatch -n1 : -n4`). */
export function nodeLists(variables: Variables = process.env): { name: string; list: string }[] {
  const suffixes = suffixesOf(variables);
  return suffixes.map((suffix) => {
    const name = `SLURM_JOB_NODELIST${suffix}`;
    const { [name]: list, SLURM_JOB_ID: id } = variables;
    if (list) return { name, list };
    throw new LaunchError(
      `SLURM_JOB_ID is ${id}, but ${name} is not set: start tsmpi from the job script or the shell that Slurm started, or say --hosts localhost:2`,
    );
  });
}

/** `srun --pty bash` and `srun -n 1`. The job script and the shell of salloc are steps for Slurm too, but have the whole job. */
function isStep({ SLURM_STEP_ID: step, SLURM_STEP_NODELIST: list }: Variables): boolean {
  return step !== undefined && Number(step) < firstStepOfNoSrun && list !== undefined;
}

function nodesOfJob(variables: Variables): JobNode[] {
  return suffixesOf(variables).flatMap((suffix, group) => {
    const nodes = nodesWith(variables, `SLURM_JOB_NODELIST${suffix}`, tasksVariable(variables, suffix));
    const counts = variables[`SLURM_JOB_CPUS_PER_NODE${suffix}`];
    const cpus = counts === undefined ? [] : expandCounts(counts);
    return nodes.map((node, index) => ({ ...node, cpus: cpus[index], group: suffix === "" ? undefined : group }));
  });
}

/** `-m arbitrary` has no SLURM_TASKS_PER_NODE. */
function tasksVariable(variables: Variables, suffix: string): string {
  const name = `SLURM_TASKS_PER_NODE${suffix}`;
  return variables[name] === undefined ? `SLURM_JOB_CPUS_PER_NODE${suffix}` : name;
}

function jobSource(variables: Variables, id: string): string {
  return `${tasksVariable(variables, suffixesOf(variables)[0]!)} (job ${id})`;
}

function nodesWith(variables: Variables, listName: string, countsName: string): JobNode[] {
  const names = expand(listName, variables[listName] ?? "");
  const { [countsName]: text, SLURM_CPUS_PER_TASK: threads = "1" } = variables;
  const counts = counted(countsName, text);
  if (counts.length !== names.length)
    throw new LaunchError(
      `${countsName} is ${text ?? "not set"}, which is for ${counts.length} hosts, but ${listName} ${variables[listName]} has ${names.length}: unset it, or say --hosts`,
    );
  const perTask = countsName.includes("CPUS") ? Math.max(1, Number(threads) || 1) : 1;
  return names.map((name, index) => ({
    name,
    tasks: Math.max(1, Math.floor(counts[index]! / perTask)),
    cpus: undefined,
    group: undefined,
  }));
}

function expand(name: string, list: string): string[] {
  return parsed(name, list, expandNodes);
}

function counted(name: string, text = ""): number[] {
  return text === "" ? [] : parsed(name, text, expandCounts);
}

function parsed<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new LaunchError(`${name} is ${text}, which cannot be read: ${(error as Error).message}`);
  }
}

/** `""`, or `_HET_GROUP_0`, `_HET_GROUP_1` ... */
function suffixesOf({ SLURM_HET_SIZE: size }: Variables): string[] {
  const groups = Number(size ?? 0);
  return groups > 0 ? Array.from({ length: groups }, (_, group) => `_HET_GROUP_${group}`) : [""];
}

function groupOf(name: string, groups: readonly string[][]): number | undefined {
  return groups.length === 1 ? undefined : groups.findIndex((group) => group.includes(name));
}
