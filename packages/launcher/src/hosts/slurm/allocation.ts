import { nameOfHere, sameHost } from "../../system/this-host.ts";
import type { Allocation, Host } from "../host.ts";
import { listed, placesNamed } from "../host-names.ts";
import type { AllocationSource } from "../scheduler.ts";
import { type SlurmJob, slurmJob } from "./job.ts";
import { SlurmNode } from "./slurm-node.ts";

export const allocation: AllocationSource = { find, placesOf };

async function find(): Promise<Allocation | undefined> {
  const job = slurmJob();
  if (job === undefined) return undefined;
  const nodes = nodesOf(job);
  const here = await nodeHere([...nodes.keys()]);
  const hosts = [...nodes.values()].map(
    (node): Host => ({ name: node.name, slots: node.tasks, here: node.name === here, place: node }),
  );
  const left = job.all.filter((name) => !nodes.has(name));
  const notes = left.length === 0 ? [] : [`hosts of the job that this step does not have: ${listed(left)}`];
  return { hosts, granted: true, source: job.source, ...(notes.length === 0 ? {} : { notes }) };
}

/** Any name of this machine means its node. */
async function placesOf(names: readonly string[], here: string | undefined): Promise<ReadonlyMap<string, SlurmNode>> {
  const job = slurmJob();
  const nodes = job === undefined ? new Map<string, SlurmNode>() : nodesOf(job);
  return placesNamed(names, here, nodes, nodeHere);
}

/** By name. A host that is in two components of a heterogeneous job has the tasks and CPUs of both. */
function nodesOf({ nodes, all }: SlurmJob): Map<string, SlurmNode> {
  const found = new Map<string, SlurmNode>();
  for (const { name, tasks, cpus, group } of nodes) {
    const known = found.get(name);
    found.set(
      name,
      new SlurmNode({
        name,
        index: all.indexOf(name),
        tasks: tasks + (known?.tasks ?? 0),
        cpus: cpus === undefined ? undefined : cpus + (known?.cpus ?? 0),
        group: known?.group ?? group,
      }),
    );
  }
  return found;
}

/** Slurm says which of its nodes this is, except on the host of `salloc`, which is none of them. */
async function nodeHere(names: readonly string[]): Promise<string | undefined> {
  const { SLURMD_NODENAME: own } = process.env;
  return names.find((name) => own !== undefined && sameHost(name, own)) ?? nameOfHere(names);
}
