import { withPortOf } from "../command/inspector-ports.ts";
import type { HostPlan } from "../link/messages.ts";
import { usableCpus } from "../system/cpus.ts";
import { addressesAreFew, resourceLimits } from "../system/resource-limits.ts";
import type { Binding } from "./cpu-binding.ts";
import { environmentOf, type Threads, threadsEach } from "./environment.ts";
import type { HostSetup } from "./host-setup.ts";
import { type Apart, howApart } from "./process-group.ts";
import { rankCommand } from "./rank-command.ts";
import { programDirectory, programIndex } from "./rank-program.ts";
import type { RankStart } from "./spawn-rank.ts";

/** What the ranks of a host have in common when they start. */
export interface CommonStart extends Threads {
  nodeOptions: string[];
  /** Of the C library, set where the user has not set them. */
  memory: Record<string, string>;
  apart: Apart;
}

/** Shares the host's CPUs out among its ranks. */
export function commonStart(plan: HostPlan): CommonStart {
  const { count: cpus } = usableCpus();
  const share = threadsEach(plan.ranks.length, plan.granted?.cpus ?? cpus);
  const few = addressesAreFew();
  const nodeOptions = few ? onFewAddresses() : [];
  const memory = few ? oneArena : {};
  const apart = plan.ownSessions ? howApart(plan, cpus) : "none";
  return { share, threads: atMost(plan.granted?.threads, share), nodeOptions, memory, apart };
}

/** The threads of a rank that is bound to CPUs. */
function threadsOf({ threads }: Binding, { granted }: HostPlan): Threads {
  return { share: threads, threads: atMost(granted?.threads, threads) };
}

function atMost(limit: number | undefined, number: number): number {
  return Math.min(number, limit ?? number);
}

/** How one rank is started. */
export function rankStart(rank: number, plan: HostPlan, setup: HostSetup, common: CommonStart): RankStart {
  const index = programIndex(plan, rank);
  const reads = plan.inputRanks.includes(rank);
  const program = plan.programs[index]!;
  const { binding, gpus } = setup.seats?.of(rank) ?? {};
  const { share, threads } = binding === undefined ? common : threadsOf(binding, plan);
  const nodeOptions = [...(share === 1 ? onOneCpu : []), ...common.nodeOptions, ...program.nodeOptions].map((option) =>
    withPortOf(rank, option),
  );
  return {
    ...rankCommand({ ...program, nodeOptions }, programDirectory(setup.directory, index)),
    environment: environmentOf(rank, plan, {
      share,
      threads,
      memory: common.memory,
      gpus,
      socket: setup.listener!.path,
    }),
    directory: program.directory,
    apart: common.apart,
    cpus: binding?.cpus,
    terminal: setup.terminal,
    withInput: reads,
    pipes: setup.pipes.get(rank),
    input: setup.inputs.get(rank),
    showPartialLines: plan.showPartialLines,
    promptsAtOnce: reads && plan.promptsAtOnce,
    waitsForChildren: plan.waitForChildrenMs > 0,
  };
}

/** V8's threads for garbage collection would take time from the other ranks, or wait for them: milliseconds. */
const onOneCpu = ["--single-threaded-gc"];

/** The C library reserves 64 MiB of addresses for each thread that allocates: of a rank's 1,100 MB, 400 MB were such. */
const oneArena = { MALLOC_ARENA_MAX: "1" };

/**
 * WebAssembly, and with it `fetch`, then works within a small `ulimit -v`: V8 checks bounds instead of reserving 10 GB. A
 * memory that may grow still reserves as much as it can get, up to the most pages, and would leave no room for anything else.
 */
function onFewAddresses(): string[] {
  const limit = Number(resourceLimits()["as"]?.[0]);
  const pages = Number.isNaN(limit) ? [] : [`--wasm-max-mem-pages=${Math.floor(limit / 8 / wasmPageBytes)}`];
  return ["--disable-wasm-trap-handler", ...pages];
}

const wasmPageBytes = 65_536;
