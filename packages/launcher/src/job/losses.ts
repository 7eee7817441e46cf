import type { Ending } from "@tsmpi/core/bootstrap";
import { describeExit, exitCodeOf, exitCodes } from "../errors/exit-codes.ts";
import type { Input } from "../io/input.ts";
import type { Output } from "../io/output.ts";
import { Council } from "./council.ts";
import type { DeadlockCheck } from "./deadlock-check.ts";
import { EndingNews } from "./ending-news.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Inquiry } from "./inquiry.ts";
import type { JobEnd } from "./job-end.ts";
import type { LastSentences } from "./last-sentences.ts";
import type { RankStates } from "./rank-states.ts";
import type { Spawning } from "./spawning.ts";
import type { Station, Stations } from "./stations.ts";

interface LossesOptions {
  stations: Stations;
  ranks: RankStates;
  inquiry: Inquiry;
  deadlock: DeadlockCheck;
  exitCode: ExitCode;
  sentences: LastSentences;
  end: JobEnd;
  spawning: Spawning;
  /** `--keep-going`. */
  keepGoing: boolean;
  /** The exit code of a rank that left the world in good order is a result, and no failure (`tsmpi map`). */
  countsFailures: boolean;
  output: Output;
  input: Input;
  log(text: string): void;
}

/** Decides what it means for the job that a rank has ended or a host is gone: it goes on, or it is stopped. */
export class Losses {
  readonly #options: LossesOptions;
  readonly #news: EndingNews;
  readonly council: Council;
  /** The first rank that the job has gone on without, and how it ended. */
  #firstLost: Ending | undefined;

  constructor(options: LossesOptions) {
    this.#options = options;
    this.#news = new EndingNews(options.ranks, options.stations);
    this.council = new Council(options.stations, options.ranks, () => this.#news.flush());
  }

  /** A rank has ended, well or not. `sent`: how many packets it sent to each rank, if it left the world in good order. */
  rankEnded(ending: Ending, sent: Record<string, number> | undefined): void {
    this.#weigh(ending, sent);
    this.#releaseIfOver();
  }

  #weigh(ending: Ending, sent: Record<string, number> | undefined): void {
    const { ranks, inquiry, deadlock, end, input, log, spawning } = this.#options;
    const { rank } = ending;
    const isLoss = !spawning.ended(ending);
    log(`${ranks.nameWithPid(ending)} ${describeExit(ending)}`);
    ranks.endings.set(rank, ending);
    inquiry.recheck();
    input.rankEnded(rank);
    if (!isLoss) return;
    if (exitCodeOf(ending) !== 0 && !this.#isResult(ending, sent)) {
      if (this.#canSpare) this.#goOnWithout(ending);
      else end.fail(ending, exitCodeOf(ending), howItFailed(ending));
    } else if (ranks.inWorld) {
      deadlock.later();
      this.#news.tell(ending, sent);
    } else {
      this.#checkWorldCanForm(ending);
    }
    this.council.ended(rank);
  }

  /** A rank does not return from a task that was given up. It is ended if the job can go on without it. */
  rankUnresponsive(rank: number, reason: string): void {
    const { ranks, stations } = this.#options;
    if (!this.#canSpare || ranks.endings.has(rank)) return;
    stations.of(rank)?.channel.send({ kind: "killUnresponsive", rank, reason });
  }

  /** A rank has called init(). */
  rankGreeted(rank: number): void {
    const { greeted, endings } = this.#options.ranks;
    greeted.add(rank);
    for (const ending of endings.values()) this.#checkWorldCanForm(ending);
  }

  /** A host, its link or its agent is gone, and with it all that is known of its ranks. */
  hostLost(station: Station, reason: string): void {
    const { ranks, sentences, end, input, output, deadlock, spawning } = this.#options;
    const { host, ranks: lost } = station.plan;
    const hint = `host ${host} was lost: ${reason}`;
    station.lost();
    if (!this.#canSpare) {
      end.loseHost(station, hint);
      for (const rank of lost) sentences.drained(rank);
      return;
    }
    output.say(`tsmpi: ${hint}; going on without its ranks`);
    for (const rank of lost.filter((each) => !ranks.endings.has(each))) {
      const ending = ranks.lostEnding(rank, host, hint);
      const isSpawning = spawning.ended(ending);
      ranks.endings.set(rank, ending);
      if (isSpawning) continue;
      this.#firstLost ??= ending;
      input.rankEnded(rank);
      this.#news.tell(ending);
      this.council.ended(rank);
    }
    deadlock.later();
    this.#releaseIfOver();
  }

  /** Agents that stay for ranks to be spawned have nothing left to wait for. */
  #releaseIfOver(): void {
    const { keepGoing, ranks, stations } = this.#options;
    if (keepGoing && ranks.all.every((rank) => ranks.endings.has(rank))) stations.order({ kind: "release" });
  }

  /**
   * All ranks have ended. A job that has lost some has the exit code of the lowest rank that was not killed: the others end as their
   * program says. If no rank ended well, nothing has survived, and the code is that of the first loss.
   */
  conclude(): void {
    const { keepGoing, exitCode, ranks, output } = this.#options;
    if (!keepGoing || exitCode.isDecided || this.#firstLost === undefined) return;
    const endings = ranks.all.flatMap((rank) => ranks.endings.get(rank) ?? []);
    const survived = endings.some((ending) => exitCodeOf(ending) === 0);
    if (!survived) output.say("tsmpi: no rank is left");
    const { code, signal } = (survived && endings.find((ending) => ending.code !== null)) || this.#firstLost;
    const result = code === null && signal === null ? exitCodes.launch : exitCodeOf({ code, signal });
    if (result !== exitCodes.success) exitCode.decide(result);
  }

  /**
   * The ranks of these hosts cannot reach each other, although the launcher reaches both. The job goes on without the one with fewer
   * ranks, if it can.
   */
  linkLost(hosts: readonly string[]): boolean {
    const { stations, ranks } = this.#options;
    if (!this.#canSpare) return false;
    const living = ({ plan }: Station): number => plan.ranks.filter((rank) => !ranks.endings.has(rank)).length;
    const ends = stations.all.filter(({ plan }) => hosts.includes(plan.host));
    if (ends.some((station) => station.givenUp || living(station) === 0)) return true;
    if (ends.length < 2) return false;
    const [least, other] = ends.sort((a, b) => living(a) - living(b) || b.plan.node - a.plan.node) as [
      Station,
      Station,
    ];
    least.givenUp = true;
    const reason = `its host and ${other.plan.host} cannot reach each other`;
    this.#options.stations.tell(least, { kind: "giveUp", reason });
    return true;
  }

  /** Whether this exit code counts commands that failed. If so, it is the job's. */
  #isResult(ending: Ending, sent: Record<string, number> | undefined): boolean {
    const { countsFailures, exitCode } = this.#options;
    if (!countsFailures || sent === undefined || ending.code === null) return false;
    exitCode.decide(ending.code);
    return true;
  }

  /** Whether the job can go on without a rank. */
  get #canSpare(): boolean {
    const { keepGoing, ranks, exitCode } = this.#options;
    return keepGoing && ranks.inWorld && !exitCode.isDecided;
  }

  /** Calls that depend on this rank reject; maps and pools give its tasks to the others. */
  #goOnWithout(ending: Ending): void {
    const { ranks, sentences, deadlock } = this.#options;
    const what = `${ranks.nameWithPid(ending)} ${howItFailed(ending)}`;
    this.#firstLost ??= ending;
    sentences.say(ending.rank, () => `tsmpi: ${what}; going on without it`);
    deadlock.later();
    this.#news.tell(ending);
  }

  /** A rank that ends before the world has formed leaves the ranks in init() waiting for ever. */
  #checkWorldCanForm(ending: Ending): void {
    const { inWorld, greeted, endings, size } = this.#options.ranks;
    if (inWorld || greeted.size === 0 || exitCodeOf(ending) !== 0 || endings.size === size) return;
    const hint = greeted.has(ending.rank) ? "ended before init() had finished" : "ended before calling init()";
    const how = `${hint}, while other ranks wait for it there`;
    this.#options.end.fail({ ...ending, hint }, exitCodes.failure, how);
  }
}

/** `was killed by SIGKILL (out of memory: ...)`. */
function howItFailed(ending: Ending): string {
  return `${describeExit(ending)}${ending.hint === undefined ? "" : ` (${ending.hint})`}`;
}
