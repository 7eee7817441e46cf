import { withPortOf } from "../command/inspector-ports.ts";
import type { HostPlan } from "../link/messages.ts";
import { usableCpus } from "../system/cpus.ts";
import { addressesAreFew, resourceLimits } from "../system/resource-limits.ts";
import { environmentOf, type Threads, threadsEach } from "./environment.ts";
import type { HostSetup } from "./host-setup.ts";
import { type Apart, howApart } from "./process-group.ts";
import { rankCommand } from "./rank-command.ts";
import { programDirectory, programIndex } from "./rank-program.ts";
import type { RankStart } from "./spawn-rank.ts";

/** What the ranks of a host have in common when they start. */
export interface CommonStart extends Threads {
  nodeOptions: string[];
  apart: Apart;
}

/** Shares the host's CPUs out among its ranks. */
export function commonStart(plan: HostPlan): CommonStart {
  const { count: cpus } = usableCpus();
  const share = threadsEach(plan.ranks.length, plan.granted?.cpus ?? cpus);
  const nodeOptions = [...(share === 1 ? onOneCpu : []), ...(addressesAreFew() ? onFewAddresses() : [])];
  const apart = plan.ownSessions ? howApart(plan, cpus) : "none";
  return { share, threads: Math.min(share, plan.granted?.threads ?? share), nodeOptions, apart };
}

/** How one rank is started. */
export function rankStart(rank: number, plan: HostPlan, setup: HostSetup, common: CommonStart): RankStart {
  const index = programIndex(plan, rank);
  const program = plan.programs[index]!;
  const nodeOptions = [...common.nodeOptions, ...program.nodeOptions].map((option) => withPortOf(rank, option));
  return {
    ...rankCommand({ ...program, nodeOptions }, programDirectory(setup.directory, index)),
    environment: environmentOf(rank, plan, { ...common, socket: setup.listener!.path }),
    directory: program.directory,
    apart: common.apart,
    terminal: setup.terminal,
    withInput: rank === 0,
    pipes: setup.pipes.get(rank),
    input: rank === 0 ? setup.input : undefined,
    showPartialLines: plan.showPartialLines,
    promptsAtOnce: rank === 0 && plan.promptsAtOnce,
    waitsForChildren: plan.waitForChildrenMs > 0,
  };
}

/** V8's threads for garbage collection would take time from the other ranks, or wait for them: milliseconds. */
const onOneCpu = ["--single-threaded-gc"];

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
