import { clearInterval, setInterval } from "node:timers";
import { hostClock } from "@tsmpi/core/bootstrap";
import { exitCodes } from "../errors/exit-codes.ts";
import type { Report } from "../link/messages.ts";
import { Gathered } from "../recording/gather.ts";
import type { RunAbout, RunEnding, RunRecording, StuckRank } from "../recording/recording.ts";
import type { Doing } from "../reports/rank-activity.ts";
import { version } from "../system/version.ts";
import type { Station, Stations } from "./stations.ts";

/** The clocks of other hosts are asked for so often at first, and then from time to time. */
const firstQuestions = 10;
const firstEveryMs = 100;
const everyMs = 5000;

/**
 * How many calls of all ranks are kept one by one, and how many of one rank. Fewer where the run is shown while it runs: to make a
 * page of them must not keep the launcher from hearing its agents.
 */
const mostEvents = 2 ** 22;
const mostLiveEvents = 2 ** 18;
const mostEventsOfRank = 2 ** 16;
const leastEventsOfRank = 2 ** 10;

/** What the recording of a job says about it. */
export type Described = Pick<RunAbout, "command" | "directory" | "job">;

/** How many calls each rank of a recorded job keeps one by one. */
export function recordedEvents(size: number, isLive: boolean): number {
  const ofRank = 2 ** Math.floor(Math.log2((isLive ? mostLiveEvents : mostEvents) / size));
  return Math.max(leastEventsOfRank, Math.min(mostEventsOfRank, ofRank));
}

/** The recording of a job: asks the hosts for their clocks and gathers what their ranks have recorded. */
export class Recordings {
  readonly #stations: Stations;
  readonly #gathered: Gathered;
  /** Ranks that are spawned later are not recorded. */
  readonly #ranks: ReadonlyMap<Station, number[]>;
  readonly #described: Described;
  readonly #cpus = new Map<string, number>();
  readonly #startedAt = new Date();
  readonly #timers: NodeJS.Timeout[] = [];
  #deadlock: StuckRank[] | undefined;
  #missing = new Set<number>();
  #complete: (() => void) | undefined;

  constructor(stations: Stations, described: Described) {
    this.#stations = stations;
    this.#described = described;
    this.#ranks = new Map(stations.all.map((station) => [station, station.plan.ranks]));
    this.#gathered = new Gathered(stations.all.map(({ plan }) => ({ name: plan.host, ranks: plan.ranks })));
    this.#askClocks();
  }

  hear(report: Extract<Report, { kind: "clock" | "recorded" }>, { plan }: Station): void {
    if (report.kind === "clock") {
      this.#cpus.set(plan.host, report.cpus);
      if (this.#stations.all.length > 1) this.#gathered.noteClock(plan.host, report.sent, report.there);
    } else if (this.#gathered.part(report.rank, report.bytes, report.last)) this.#have(report.rank);
  }

  /** The ranks wait for each other, and the job is stopped for that. */
  stuck(doings: readonly Doing[]): void {
    this.#deadlock = doings.flatMap(({ rank, where }) => {
      const [wait] = typeof where === "string" ? [] : where.waits;
      if (wait === undefined) return [];
      const { call, site, ranks } = wait;
      return [{ rank, call, ...(site !== undefined && { site }), ...(ranks !== undefined && { ranks }) }];
    });
  }

  /** Asks all hosts for what their ranks have recorded so far. Resolves when it is here, or the hosts have had `ms` for it. */
  async ask(ms: number): Promise<void> {
    this.#missing = new Set([...this.#stations.open].flatMap((station) => this.#ranks.get(station) ?? []));
    this.#stations.order({ kind: "record" });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#complete = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The job has ended. */
  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#complete?.();
  }

  /** @param said what the launcher has said during the run */
  async recording(exitCode: number, said: readonly string[]): Promise<RunRecording> {
    const ranks = await this.#gathered.ranks();
    const ms = Math.max(0, ...ranks.map(({ leftAt }) => leftAt));
    // A job that ended well may have gone on without a rank.
    const words = exitCode === exitCodes.success ? said.filter((line) => line.includes("going on without")) : [...said];
    const ending: RunEnding = {
      exitCode,
      ms: ms > 0 ? ms : Date.now() - this.#startedAt.getTime(),
      words,
      ...(this.#deadlock !== undefined && { deadlock: this.#deadlock }),
    };
    return { format: 1, about: this.#about(), ranks, ending };
  }

  #about(): RunAbout {
    return {
      ...this.#described,
      tsmpi: version,
      node: process.version,
      startedAt: this.#startedAt.toISOString(),
      hosts: this.#stations.all
        .map((station) => ({ plan: station.plan, ranks: this.#ranks.get(station) ?? [] }))
        .map(({ plan, ranks }) => ({
          name: plan.host,
          ranks,
          cpus: plan.granted?.cpus ?? this.#cpus.get(plan.host) ?? 0,
          clockErrorMs: this.#gathered.clockErrorMs(plan.host),
        })),
    };
  }

  #have(rank: number): void {
    this.#missing.delete(rank);
    if (this.#missing.size === 0) this.#complete?.();
  }

  /** One host has one clock: it is asked once, for its CPUs. */
  #askClocks(): void {
    const ask = (): void => this.#stations.order({ kind: "clock", sent: hostClock() });
    if (this.#stations.all.length === 1) {
      setImmediate(ask);
      return;
    }
    let asked = 0;
    const first = setInterval(() => {
      ask();
      if (++asked === firstQuestions) clearInterval(first);
    }, firstEveryMs).unref();
    this.#timers.push(first, setInterval(ask, everyMs).unref());
  }
}
