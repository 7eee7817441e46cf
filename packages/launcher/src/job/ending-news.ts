import type { Ending } from "@tsmpi/core/bootstrap";
import type { Ended } from "../link/messages.ts";
import type { RankStates } from "./rank-states.ts";
import type { Station, Stations } from "./stations.ts";

/**
 * To tell one agent takes the launcher about 20 us. All agents are told at most once in this time for each of them, so that
 * the news takes a tenth of the launcher's time, however many ranks end at once.
 */
const msPerHost = 0.2;
/** The ranks that wait for one that has ended learn it after this time at the latest. */
const mostMs = 500;

/** The packets that the rank has sent, by the host that they went to. */
interface News {
  ending: Ending;
  sent?: Map<Station, Record<string, number>>;
}

/**
 * Tells ranks that others have ended and the job goes on. When n ranks end one by one, each of the n agents has to learn of
 * each of them: n^2 messages. So endings that follow each other closely go in one message for each agent.
 */
export class EndingNews {
  readonly #ranks: RankStates;
  readonly #stations: Stations;
  #gathered: News[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ranks: RankStates, stations: Stations) {
    this.#ranks = ranks;
    this.#stations = stations;
  }

  /** The first one is told at once. `sent`: how many packets it sent to each rank, if it left the world in good order. */
  tell(ending: Ending, sent?: Record<string, number>): void {
    this.#gathered.push(sent === undefined ? { ending } : { ending, sent: this.#byHost(sent) });
    if (this.#timer !== undefined) return;
    this.flush();
    const pauseMs = Math.min(mostMs, this.#stations.all.length * msPerHost);
    if (pauseMs < 1) return; // shorter than a timer can be
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, pauseMs).unref();
  }

  /** Tells what has not been told yet. */
  flush(): void {
    const news = this.#gathered;
    this.#gathered = [];
    const { endings } = this.#ranks;
    for (const station of news.length === 0 ? [] : this.#stations.open) {
      const { ranks } = station.plan;
      if (ranks.every((rank) => endings.has(rank))) continue;
      this.#stations.tell(station, { kind: "ended", endings: news.map((each) => concerning(each, station)) });
    }
  }

  /** A rank that has sent to all others has a number for each of them: each host gets those of its own ranks. */
  #byHost(sent: Record<string, number>): Map<Station, Record<string, number>> {
    const hosts = new Map<Station, Record<string, number>>();
    for (const [rank, packets] of Object.entries(sent)) {
      const station = this.#stations.of(Number(rank));
      if (station === undefined) continue;
      const own = hosts.get(station) ?? {};
      own[rank] = packets;
      hosts.set(station, own);
    }
    return hosts;
  }
}

function concerning({ ending, sent }: News, station: Station): Ended {
  return sent === undefined ? { ending } : { ending, sent: sent.get(station) ?? {} };
}
