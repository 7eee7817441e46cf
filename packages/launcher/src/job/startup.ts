import type { Input } from "../io/input.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { deferred } from "../system/deferred.ts";
import type { RankStates } from "./rank-states.ts";
import type { Station, Stations } from "./stations.ts";

interface StartupOptions {
  input: Input;
  roll: RollCall;
  log(text: string): void;
}

/** The ranks' way into the world: they are started, get ready, and are told each other's addresses. */
export class Startup {
  readonly #options: StartupOptions;
  readonly #ranks: RankStates;
  readonly #stations: Stations;
  /** Why ranks that are ready cannot share memory, by host. */
  readonly #unshared = new Map<string, string>();
  readonly #started = deferred();

  constructor({ input, roll, log }: StartupOptions, ranks: RankStates, stations: Stations) {
    this.#options = { input, roll, log };
    this.#ranks = ranks;
    this.#stations = stations;
  }

  /** Resolves when every rank has been started. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  rankStarted(rank: number, pid: number, { plan }: Station): void {
    const { input, log, roll } = this.#options;
    const { pids, worldSize } = this.#ranks;
    log(`rank ${rank} started on ${plan.host} (pid ${pid})`);
    input.rankStarted(rank);
    pids.set(rank, pid);
    if (plan.ranks.every((each) => pids.has(each))) roll.reach(plan.node, "ranks started");
    if (pids.size === worldSize) this.#started.resolve();
  }

  /** A rank can be reached. The last one makes the world. `unshared`: why it cannot share memory with its host's ranks. */
  ready(rank: number, host: string, endpoints: string[], unshared: string | undefined): void {
    const { addresses, worldSize } = this.#ranks;
    if (unshared !== undefined) this.#unshared.set(host, unshared);
    addresses.set(rank, { rank, host, endpoints });
    if (addresses.size < worldSize) return;
    const peers = [...addresses.values()].sort((a, b) => a.rank - b.rank);
    this.#options.log("every rank is ready");
    for (const [each, obstacle] of this.#unshared) {
      if (peers.filter((peer) => peer.host === each).length === 1) continue;
      this.#options.log(`ranks on ${each} talk over ZeroMQ, not shared memory: ${obstacle}`);
    }
    this.#ranks.inWorld = true;
    this.#stations.order({ kind: "table", peers });
  }
}
