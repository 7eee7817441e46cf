import { gpuVariables } from "../hosts/host-variables.ts";
import { count } from "../reports/table.ts";
import { namesIn } from "../system/or-empty.ts";

/** What ranks of a host see of its GPUs. */
export interface GpuShares {
  /** Variables for each rank, in the order of the host's ranks. */
  variables: Record<string, string>[];
  /** Whether some ranks see the same GPU. */
  areShared: boolean;
  /** How many GPUs the host has for the job. */
  total: number;
}

/**
 * Gives each of the `ranks` ranks of a host `each` of its GPUs: those that the scheduler's variables name there, else all
 * that the host has of NVIDIA's. With too few for all, ranks take turns: GPU 0, 1, 0, 1.
 *
 * @throws Error when the host has none, or fewer than one rank is to have.
 */
export function shareGpus(
  ranks: number,
  each: number,
  environment: Readonly<Record<string, string | undefined>>,
  devices: readonly string[] = namesIn("/dev"),
): GpuShares {
  const named = gpuVariables.flatMap((name) =>
    environment[name] === undefined ? [] : [[name, environment[name]] as const],
  );
  const found = devices.filter((name) => /^nvidia\d+$/.test(name)).map((_, index) => String(index));
  const lists = new Map(
    named.length > 0 ? named.map(([name, text]) => [name, gpusIn(text)]) : [["CUDA_VISIBLE_DEVICES", found]],
  );
  const total = Math.max(...[...lists.values()].map((list) => list.length));
  if (total < each) throw new Error(`--gpus-per-rank ${each}: ${whereFrom(total, named)}`);
  const shares = (list: readonly string[], rank: number): string =>
    list.length === 0
      ? ""
      : Array.from({ length: each }, (_, index) => list[(rank * each + index) % list.length]).join(",");
  return {
    variables: Array.from({ length: ranks }, (_, rank) =>
      Object.fromEntries([...lists].map(([name, list]) => [name, shares(list, rank)])),
    ),
    areShared: ranks * each > total,
    total,
  };
}

function whereFrom(total: number, named: readonly (readonly [name: string, text: string])[]): string {
  if (named.length > 0)
    return `this host has ${count(total, "GPU")} for the job (${named.map((pair) => pair.join("=")).join(", ")})`;
  if (total > 0) return `this host has ${count(total, "GPU")}`;
  return `this host has no GPU: it has no /dev/nvidia0, and no batch system has set ${gpuVariables.join(", ")}`;
}

/** Values that mean none: "", "-1", and Slurm's NoDevFiles. */
function gpusIn(text: string): string[] {
  const words = text.split(",").map((word) => word.trim());
  return words.filter((word) => word !== "" && word !== "-1" && word !== "NoDevFiles");
}
