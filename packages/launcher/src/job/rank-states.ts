import type { Ending, PeerAddress } from "@tsmpi/core/bootstrap";
import { nameOfProgram, programOf } from "../agent/rank-program.ts";
import type { Stations } from "./stations.ts";

/** What the launcher knows of each rank. */
export class RankStates {
  /** How many ranks the job has had so far: it grows when ranks are spawned. */
  size: number;
  /** Those of the first world, which the job has begun with. */
  readonly worldSize: number;
  readonly #stations: Stations;
  /** Process ids of the ranks that have been started. */
  readonly pids: Map<number, number> = new Map();
  /** The ranks that have called init(). */
  readonly greeted: Set<number> = new Set();
  /** How ranks have ended. */
  readonly endings: Map<number, Ending> = new Map();
  /** The ranks that are stopped, as by SIGSTOP. */
  readonly stopped: Set<number> = new Set();
  /** Where ranks can be reached, as far as they are ready. */
  readonly addresses: Map<number, PeerAddress> = new Map();
  /** All ranks are ready, and have the addresses of all others. */
  inWorld = false;

  constructor(size: number, stations: Stations) {
    this.size = size;
    this.worldSize = size;
    this.#stations = stations;
  }

  get all(): number[] {
    return Array.from({ length: this.size }, (_, rank) => rank);
  }

  hostOf(rank: number): string {
    return this.#stations.of(rank)?.plan.host ?? "?";
  }

  /** `rank 3 of 8 on n2`; `rank 3 of 8 (worker.ts) on n2` where the job has several programs. */
  name(rank: number, host: string = this.hostOf(rank)): string {
    const plan = this.#stations.of(rank)?.plan;
    const program =
      plan === undefined || plan.programs.length === 1 ? "" : ` (${nameOfProgram(programOf(plan, rank))})`;
    const place = rank < this.worldSize ? `of ${this.worldSize}` : "(spawned)";
    return `rank ${rank} ${place}${program} on ${host}`;
  }

  /** `rank 3 of 8 on n2 (pid 4711)`. */
  nameWithPid({ rank, host, pid }: Pick<Ending, "rank" | "host" | "pid">): string {
    return `${this.name(rank, host)} (pid ${pid})`;
  }

  /** The end of a rank whose host was lost. */
  lostEnding(rank: number, host: string, hint: string): Ending {
    return { rank, host, pid: this.pids.get(rank) ?? 0, code: null, signal: null, hint };
  }
}
