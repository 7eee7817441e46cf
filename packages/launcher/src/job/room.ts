import type { MapBy } from "../command/options.ts";
import { LaunchError } from "../errors/launch-error.ts";
import { count } from "../reports/table.ts";
import type { RankStates } from "./rank-states.ts";
import type { Station, Stations } from "./stations.ts";

export interface Slots {
  /** How many ranks each host takes, in the order of the stations. */
  ofHost: readonly number[];
  /** The most that each host takes at all. */
  most: readonly number[];
  /** A scheduler or the user granted just these slots. Otherwise hosts may be crowded, as with `-n`. */
  granted: boolean;
  mapBy: MapBy | undefined;
}

/** Finds slots for ranks that join a running job: those of ranks that have ended first, then those that never had one. */
export class Room {
  readonly #stations: Stations;
  readonly #ranks: RankStates;
  readonly #slots: Slots;

  constructor(stations: Stations, ranks: RankStates, slots: Slots) {
    this.#stations = stations;
    this.#ranks = ranks;
    this.#slots = slots;
  }

  /**
   * The station of each of so many ranks.
   *
   * @throws LaunchError when there are fewer free slots
   */
  seats(wanted: number): Station[] {
    const { endings } = this.#ranks;
    const free = this.#free();
    const total = [...free.values()].reduce((sum, each) => sum + each, 0);
    if (total < wanted) throw this.#full(wanted, total);
    const dead = [...endings.keys()].sort((a, b) => a - b).flatMap((rank) => this.#stations.of(rank) ?? []);
    const rest =
      this.#slots.mapBy === "host"
        ? this.#round([...free], wanted)
        : [...free].flatMap(([each, slots]) => new Array<Station>(Math.min(slots, wanted)).fill(each));
    const seats: Station[] = [];
    for (const station of [...dead, ...rest]) {
      const left = free.get(station) ?? 0;
      if (left === 0 || seats.length === wanted) continue;
      free.set(station, left - 1);
      seats.push(station);
    }
    return seats;
  }

  #free(): Map<Station, number> {
    const { endings } = this.#ranks;
    const { ofHost, most, granted } = this.#slots;
    const free = new Map<Station, number>();
    for (const [index, station] of this.#stations.all.entries()) {
      if (!this.#stations.open.has(station) || station.givenUp) continue;
      const slots = granted ? (ofHost[index] as number) : Number.POSITIVE_INFINITY;
      const live = station.plan.ranks.filter((rank) => !endings.has(rank)).length;
      if (live > 0 || station.plan.stays) free.set(station, Math.max(0, Math.min(slots, most[index] as number) - live));
    }
    return free;
  }

  #round(free: readonly (readonly [Station, number])[], wanted: number): Station[] {
    return Array.from({ length: wanted }, (_, round) =>
      free.flatMap(([each, slots]) => (slots > round ? [each] : [])),
    ).flat();
  }

  #full(wanted: number, total: number): LaunchError {
    const hosts = this.#stations.open.size === 1 ? "the host" : "the hosts";
    const free = total === 0 ? "no slot is free" : `${total === 1 ? "1 slot is" : `${total} slots are`} free`;
    return new LaunchError(
      `${free} for ${count(wanted, "rank")} on ${hosts} of the job's ranks: ask for fewer, start the job with fewer ranks (-n), or with more slots`,
    );
  }
}
