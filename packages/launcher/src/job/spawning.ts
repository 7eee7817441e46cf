import type { Ending, PeerAddress, SpawnAnswer, SpawnWish } from "@tsmpi/core/bootstrap";
import { describeExit } from "../errors/exit-codes.ts";
import type { RankProgram } from "../link/messages.ts";
import { count } from "../reports/table.ts";
import type { ExitCode } from "./exit-code.ts";
import type { RankStates } from "./rank-states.ts";
import type { Room } from "./room.ts";
import type { Station, Stations } from "./stations.ts";

export interface SpawningOptions {
  stations: Stations;
  ranks: RankStates;
  exitCode: ExitCode;
  room: Room;
  /** Makes a script ready for the ranks of this program's kind. */
  prepare(wish: SpawnWish, parent: RankProgram): Promise<Omit<RankProgram, "firstRank">>;
  /** How long the new ranks may take until all have called init(). */
  limitMs: number;
  /** Tells the user. */
  say(text: string): void;
  /** Whether the run is recorded, which leaves out ranks that are spawned. */
  isRecorded: boolean;
  log(text: string): void;
}

/** Ranks that are being started. */
interface Group {
  /** The rank that has asked for it. */
  readonly root: number;
  readonly wish: SpawnWish;
  readonly ranks: readonly number[];
  readonly addresses: Map<number, PeerAddress>;
  readonly answer: (answer: SpawnAnswer) => void;
  timer?: NodeJS.Timeout;
}

/**
 * Starts more ranks while the job runs. Until all of a group are in their world, what goes wrong with one of them is no failure of
 * the job: the call that wanted them rejects, and the others of the group are ended.
 *
 * ```text
 * rank 0 of the parents ── spawn ──► Spawning ── spawn ──► agents ── start ──► new ranks
 *                                      │  ▲                                       │
 *                                      │  └────────────── ready ◄─────────────────┤
 *                                      ├── world: all addresses ─────────────────►┘
 *                        ◄── spawned ──┘
 * ```
 */
export class Spawning {
  readonly #options: SpawningOptions;
  readonly #starting: Map<number, Group> = new Map();
  /** Ranks of groups that could not be started as a whole. */
  readonly #given: Set<number> = new Set();
  /** The job's programs so far: each group has one of its own. */
  #programs: number;
  /** Scripts are prepared one after the other. */
  #prepared: Promise<unknown> = Promise.resolve();

  constructor(options: SpawningOptions) {
    this.#options = options;
    this.#programs = options.stations.all[0]?.plan.programs.length ?? 0;
  }

  /** A rank wants more ranks. */
  async ask(rank: number, id: number, wish: SpawnWish): Promise<void> {
    const { stations, ranks, exitCode, prepare } = this.#options;
    const station = stations.of(rank) as Station;
    const answer = (given: SpawnAnswer): void => stations.tell(station, { kind: "spawned", rank, id, answer: given });
    const parent = station.plan.programs.findLast(({ firstRank }) => firstRank <= rank) as RankProgram;
    try {
      const preparing = this.#prepared.then(() => prepare(wish, parent));
      this.#prepared = preparing.catch(() => {});
      const program = await preparing;
      if (!exitCode.isDecided && !ranks.endings.has(rank)) this.#start(rank, wish, program, answer);
    } catch (error) {
      answer({ reason: (error as Error).message });
    }
  }

  /** Whether this rank belongs to a group that is being started. */
  isStarting(rank: number): boolean {
    return this.#starting.has(rank);
  }

  started(rank: number, pid: number, station: Station): void {
    const { ranks, log, stations } = this.#options;
    log(`rank ${rank} started on ${station.plan.host} (pid ${pid}), spawned`);
    ranks.pids.set(rank, pid);
    if (this.#given.has(rank)) stations.tell(station, { kind: "killRanks", ranks: [rank] });
  }

  ready(rank: number, host: string, endpoints: string[]): void {
    const group = this.#starting.get(rank);
    if (group === undefined) return;
    const { addresses, ranks, wish } = group;
    addresses.set(rank, { rank, host, endpoints });
    if (addresses.size < ranks.length) return;
    const peers = [...addresses.values()].sort((a, b) => a.rank - b.rank);
    this.#settle(group);
    this.#options.log(`${count(ranks.length, "rank")} spawned: ${ranks.join(" ")}`);
    for (const peer of peers) this.#options.ranks.addresses.set(peer.rank, peer);
    const { endings } = this.#options.ranks;
    const parents = { context: wish.context, peers: wish.parents };
    const gone = wish.parents.flatMap((parent) => endings.get(parent.rank) ?? []);
    for (const station of this.#stationsOf(ranks))
      this.#options.stations.tell(station, { kind: "world", ranks: [...ranks], peers, parents, gone });
    group.answer({ peers });
  }

  /** Whether the end of a rank concerns nothing but its group, which was being started. */
  ended(ending: Ending): boolean {
    const group = this.#starting.get(ending.rank);
    if (group !== undefined) {
      const isEarly = ending.code === 0 && ending.hint === undefined;
      const hint = isEarly ? "ended before init() had finished" : ending.hint;
      this.#fail(
        group,
        `${this.#options.ranks.name(ending.rank)} ${describeExit(ending)}${hint === undefined ? "" : ` (${hint})`}`,
      );
    }
    // Without the rank that has asked for them, nobody learns of the new ranks.
    for (const orphan of new Set(this.#starting.values()))
      if (orphan.root === ending.rank) this.#fail(orphan, "the rank that has spawned them is gone");
    return this.#given.has(ending.rank);
  }

  /** Its agent could not start this rank, or one of those that it was to start with it. */
  unable(rank: number, reason: string): void {
    const group = this.#starting.get(rank);
    if (group !== undefined) this.#fail(group, reason);
  }

  /** The job is over. */
  end(): void {
    for (const { timer } of this.#starting.values()) clearTimeout(timer);
  }

  #start(root: number, wish: SpawnWish, program: Omit<RankProgram, "firstRank">, answer: Group["answer"]): void {
    const { stations, ranks, room, limitMs, isRecorded, say } = this.#options;
    if (isRecorded && ranks.size === ranks.worldSize)
      say("tsmpi: ranks that are spawned are not in the report of the run");
    const seats = room.seats(wish.count);
    const first = ranks.size;
    ranks.size += wish.count;
    ranks.inWorld = true;
    const group: Group = { root, wish, ranks: seats.map((_, index) => first + index), addresses: new Map(), answer };
    for (const rank of group.ranks) this.#starting.set(rank, group);
    group.timer = setTimeout(() => {
      const late = group.ranks.filter((rank) => !group.addresses.has(rank));
      const which = `${late.length === 1 ? "rank" : "ranks"} ${late.join(", ")}`;
      this.#fail(group, `${which} had not called init() after ${limitMs / 1000} s (--launch-timeout)`);
    }, limitMs);
    const index = this.#programs++;
    const own = { ...program, firstRank: first };
    for (const station of new Set(seats)) {
      const here = group.ranks.filter((_, each) => seats[each] === station);
      stations.grow(station, here, own);
      stations.tell(station, { kind: "spawn", first, size: wish.count, ranks: here, program: own, index });
    }
  }

  #stationsOf(ranks: readonly number[]): Set<Station> {
    return new Set(ranks.map((rank) => this.#options.stations.of(rank) as Station));
  }

  #settle(group: Group): void {
    clearTimeout(group.timer);
    for (const rank of group.ranks) this.#starting.delete(rank);
  }

  #fail(group: Group, reason: string): void {
    const { ranks, stations } = this.#options;
    this.#settle(group);
    for (const rank of group.ranks) {
      this.#given.add(rank);
      if (ranks.pids.has(rank)) continue;
      const hint = "was not started";
      ranks.endings.set(rank, ranks.lostEnding(rank, ranks.hostOf(rank), hint));
    }
    for (const station of this.#stationsOf(group.ranks))
      stations.tell(station, { kind: "killRanks", ranks: [...group.ranks] });
    group.answer({ reason });
  }
}
