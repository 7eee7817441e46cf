import type { Host } from "../host.ts";

/** Slurm's `Host.place`: what srun has to know of a host of the job. */
export class SlurmNode {
  /** NodeName, as in `--nodelist`. */
  readonly name: string;
  /** Index in the lists of the job. A step counts its hosts in this order (SLURM_NODEID), whatever `--nodelist` says. */
  readonly index: number;
  /** What the user asked for there. */
  readonly tasks: number;
  readonly cpus: number | undefined;
  /** The component of a heterogeneous job. */
  readonly group: number | undefined;

  constructor({ name, index, tasks, cpus, group }: SlurmNode) {
    this.name = name;
    this.index = index;
    this.tasks = tasks;
    this.cpus = cpus;
    this.group = group;
  }
}

/** Undefined for a host that is not in the Slurm job. */
export function nodeOfHost({ place }: Host): SlurmNode | undefined {
  return place instanceof SlurmNode ? place : undefined;
}
