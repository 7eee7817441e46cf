import { env } from "@tsmpi/core/bootstrap";
import type { HostPlan, Report } from "../link/messages.ts";
import { count, spans } from "../reports/table.ts";
import { type Claim, CpuClaims } from "../system/cpu-claims.ts";
import { findCommand } from "../system/find-command.ts";
import { type Cpu, usableTopology } from "../system/topology.ts";
import { type Binding, bindRanks } from "./cpu-binding.ts";
import { shareGpus } from "./gpu-shares.ts";

/** On what one rank runs. */
export interface Seat {
  /** Undefined: on any CPU that the job may use here. */
  binding?: Binding;
  /** Variables that name its GPUs. */
  gpus?: Record<string, string>;
}

/** Whether ranks of this host are bound to CPUs, all or some of them. */
function isBinding({ seating }: HostPlan): boolean {
  return seating.bindTo !== "none" || seating.cpus !== undefined;
}

/** The claims that {@link Seats.bind} has to make, where it has to; to be released at the end. */
export function claimsFor(plan: HostPlan): CpuClaims | undefined {
  return isBinding(plan) ? new CpuClaims(plan.job, plan.environment["TSMPI_TMPDIR"]) : undefined;
}

/** On what the ranks of a host run: CPUs that they are bound to, GPUs that they see. */
export class Seats {
  readonly #plan: HostPlan;
  #usable: readonly Cpu[] | undefined;
  readonly #seats = new Map<number, Seat>();
  #remark: string | undefined;
  /**
   * How many CPUs the ranks have, as far as that tells whether one has to wait for another: fewer than ranks where some
   * ranks are bound to too few. Undefined where none is bound.
   */
  cpus: number | undefined;

  /** `cpus`: those that the job may use here, if they are not to be read from the kernel. */
  constructor(plan: HostPlan, cpus?: readonly Cpu[]) {
    this.#plan = plan;
    this.#usable = cpus;
    for (const rank of plan.ranks) this.#seats.set(rank, {});
  }

  of(rank: number): Seat {
    return this.#seats.get(rank) ?? {};
  }

  /** @throws Error when ranks cannot be bound as the command line wants it. */
  async bind(claims: CpuClaims): Promise<void> {
    if (findCommand("taskset") === undefined)
      throw new Error("ranks cannot be bound to CPUs on this host: taskset (of util-linux) is not in PATH there");
    // A rank of a job may start one of its own, on the CPUs that it is bound to.
    const outer = this.#plan.environment[env.job];
    await claims.claim((others) => this.#choose(others), outer);
    this.cpus = cpusTogether(this.#plan.ranks.map((rank) => this.of(rank).binding?.cpus ?? this.#allowed));
  }

  shareGpus(): void {
    const { ranks, seating, environment } = this.#plan;
    const { variables, areShared, total } = shareGpus(ranks.length, seating.gpusPerRank, environment);
    for (const [index, rank] of ranks.entries()) this.#seats.set(rank, { ...this.of(rank), gpus: variables[index]! });
    if (areShared)
      this.#remark = `${count(ranks.length, "rank")} with ${count(seating.gpusPerRank, "GPU")} each on ${count(total, "GPU")}: ranks share GPUs in turn`;
  }

  /** For the launcher: what is to be told, and what `--display-map` shows. Undefined if there is neither. */
  report(): Extract<Report, { kind: "seated" }> | undefined {
    if (this.#remark === undefined && !this.#plan.seating.shown) return undefined;
    const anywhere = `any of ${list(this.#allowed)}`;
    const seats = [...this.#seats].map(([rank, { binding, gpus }]) => ({
      rank,
      cpus: binding === undefined ? anywhere : list(binding.cpus),
      gpus: gpus === undefined ? "" : [...new Set(Object.values(gpus))].join(" "),
    }));
    return { kind: "seated", seats, ...(this.#remark === undefined ? {} : { remark: this.#remark }) };
  }

  /** Read when it is needed: the kernel has three files for each CPU. */
  get #cpus(): readonly Cpu[] {
    this.#usable ??= usableTopology();
    return this.#usable;
  }

  get #allowed(): number[] {
    return this.#cpus.map(({ id }) => id);
  }

  /** Binds ranks to CPUs that no other job has. Returns the CPUs that are to be claimed. */
  #choose(others: readonly Claim[]): number[] {
    const { seating } = this.#plan;
    const bindings = seating.cpus === undefined ? this.#shareCpus(others) : this.#asInFile(seating.cpus, others);
    for (const [rank, binding] of bindings) this.#seats.set(rank, { ...this.of(rank), binding });
    return [...new Set([...bindings.values()].flatMap(({ claimed }) => claimed))];
  }

  #shareCpus(others: readonly Claim[]): Map<number, Binding> {
    const { ranks, seating, granted } = this.#plan;
    const { bindTo, mapBy } = seating;
    if (bindTo === "none") return new Map();
    const taken = new Set(others.flatMap(({ cpus }) => cpus));
    const free = this.#cpus.filter(({ id }) => !taken.has(id)).slice(0, granted?.cpus);
    const holders = others.filter(({ cpus }) => this.#cpus.some(({ id }) => cpus.includes(id)));
    const why = describeHolders(holders);
    if (free.length === 0) throw new Error(`--bind-to ${bindTo}: no CPU is free for them on this host${why}`);
    try {
      const bindings = bindRanks(bindTo, mapBy, ranks.length, free);
      return new Map(ranks.map((rank, index) => [rank, bindings[index]!]));
    } catch (error) {
      const instead = "--bind-to share lets ranks share cores";
      throw new Error(`--bind-to ${bindTo}: ${(error as Error).message} on this host${why}; ${instead}`);
    }
  }

  #asInFile(wanted: Readonly<Record<number, number[]>>, others: readonly Claim[]): Map<number, Binding> {
    const usable = this.#allowed;
    return new Map(
      Object.entries(wanted).map(([rank, cpus]) => {
        const foreign = cpus.find((cpu) => !usable.includes(cpu));
        if (foreign !== undefined)
          throw new Error(
            `rank ${rank} of --rankfile: CPU ${foreign} may not be used on this host, which has ${list(usable)} for the job`,
          );
        const holders = others.filter((claim) => claim.cpus.some((cpu) => cpus.includes(cpu)));
        if (holders.length > 0)
          throw new Error(`rank ${rank} of --rankfile: its CPUs are not free on this host${describeHolders(holders)}`);
        return [Number(rank), { cpus, threads: cpus.length, claimed: cpus }];
      }),
    );
  }
}

/** See `Seats.cpus`, for ranks with these CPUs. */
function cpusTogether(lists: readonly (readonly number[])[]): number {
  const all = new Set(lists.flat()).size;
  const isTight = lists.some((own) => lists.filter((other) => other.join() === own.join()).length > own.length);
  return isTight ? Math.min(all, lists.length - 1) : all;
}

function describeHolders(holders: readonly Claim[]): string {
  if (holders.length === 0) return "";
  const all = holders.map(({ pid, cpus }) => `process ${pid} has ${list(cpus)}`);
  return ` (other jobs of tsmpi have bound ranks here: ${all.join(", ")})`;
}

/** `0-3,7`. */
function list(cpus: readonly number[]): string {
  return spans(cpus).replaceAll(" ", ",");
}
