import type { Output } from "../io/output.ts";
import type { Report } from "../link/messages.ts";
import { columns } from "../reports/table.ts";
import type { Station, Stations } from "./stations.ts";

type Seated = Extract<Report, { kind: "seated" }>;

/** The second table of `--display-map`: on which CPUs and GPUs each rank runs, which the hosts' agents decide. */
export class SeatingMap {
  readonly #output: Output;
  readonly #stations: Stations;
  readonly #rows = new Map<number, string[]>();
  #heard = 0;

  constructor(output: Output, stations: Stations) {
    this.#output = output;
    this.#stations = stations;
  }

  /** An agent has seated its ranks. After the last one, the table is shown where it was asked for. */
  seated({ seats, remark }: Seated, { plan }: Station): void {
    if (remark !== undefined) this.#output.say(`tsmpi: ${plan.host}: ${remark}`);
    for (const { rank, cpus, gpus } of seats) this.#rows.set(rank, [String(rank), plan.host, cpus, gpus]);
    this.#heard++;
    if (plan.seating.shown && this.#heard === this.#stations.all.length) this.#output.say(this.#table());
  }

  #table(): string {
    const rows = [...this.#rows].sort(([a], [b]) => a - b).map(([, row]) => row);
    const hasGpus = rows.some((row) => row[3] !== "");
    const shown = [["rank", "host", "CPUs", "GPUs"], ...rows].map((row) => (hasGpus ? row : row.slice(0, 3)));
    return columns(shown);
  }
}
