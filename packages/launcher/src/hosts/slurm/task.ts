import { hasGivenValue } from "../first-process.ts";
import type { Task } from "../scheduler.ts";
import { hostVariables } from "./host-variables.ts";
import { nodeLists } from "./job.ts";
import { expandNodes } from "./node-list.ts";

export const task: Task = {
  // cgroups hold all processes of a job, whatever their session; elsewhere tsmpi itself finds what ranks leave behind.
  keepsSessions: false,
  // Without cgroups (proctrack/linuxproc); with them only each task of srun and the job script's shell get signals.
  signalsRanks: true,
  keyVariables: { directory: "SLURM_SUBMIT_DIR" },
  isInteractive: () => false,
  // That srun has started this process several times is seen without Slurm's help: SLURM_PROCID and SLURM_STEP_NUM_TASKS.
  startedBy: () => undefined,
  cpusOfSlot: () => undefined,
  cleanVariables: (variables) => variables,
  describe,
  variablesThere,
};

interface Described {
  /** The node lists of the job, or of the components of a heterogeneous one. */
  lists: string[];
  /** Variables that `--env` sets, or that the script has changed since it began: they are the same on all hosts. */
  chosen: string[];
}

function describe(given: Readonly<Record<string, string>>): Described {
  const { perHost, perHostUnlessChosen } = hostVariables;
  const changed = perHostUnlessChosen.filter((name) => !hasGivenValue(name, "SLURM_JOB_ID"));
  const chosen = [...perHost, ...perHostUnlessChosen].filter((name) => given[name] !== undefined);
  return { lists: nodeLists().map(({ list }) => list), chosen: [...chosen, ...changed] };
}

/** The agent is a task of srun, whose environment is the launcher's but for what Slurm tells each host. */
function variablesThere(variables: Record<string, string>, described: object): Record<string, string> {
  const { lists, chosen } = described as Described;
  const isChosen = (name: string): boolean => chosen.includes(name);
  const own = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const { [name]: value } = process.env;
        return value === undefined || isChosen(name) ? [] : [[name, value]];
      }),
    );
  const { perHost, perHostUnlessChosen } = hostVariables;
  const travelling = Object.entries(variables).filter(([name]) => !perHost.includes(name) || isChosen(name));
  const result = { ...Object.fromEntries(travelling), ...own([...perHost, ...perHostUnlessChosen]) };
  // The agents' step has no task on the launcher's host, and counts its hosts from 0.
  const index = Math.max(...lists.map((list) => expandNodes(list).indexOf(process.env["SLURMD_NODENAME"] ?? "")));
  return index < 0 || isChosen("SLURM_NODEID") ? result : { ...result, SLURM_NODEID: String(index) };
}
