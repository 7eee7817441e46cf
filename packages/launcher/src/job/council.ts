import { Ballots, type Decided, type RankMessage, ranksIn } from "@tsmpi/core/bootstrap";
import { encodedOnce } from "../link/framing.ts";
import type { Order } from "../link/messages.ts";
import type { RankStates } from "./rank-states.ts";
import type { Stations } from "./stations.ts";

/** Where the ranks that are left decide together (`agree`, `shrink`), and where they are told that a communicator was revoked. */
export class Council {
  readonly #ballots = new Ballots();
  readonly #stations: Stations;
  readonly #ranks: RankStates;
  readonly #tellEndings: () => void;

  /** @param tellEndings tells the ranks of all that are gone, before they get a decision that was made without those */
  constructor(stations: Stations, ranks: RankStates, tellEndings: () => void) {
    this.#stations = stations;
    this.#ranks = ranks;
    this.#tellEndings = tellEndings;
  }

  hear(rank: number, message: Extract<RankMessage, { kind: "ballot" | "revoke" }>): void {
    if (message.kind === "revoke") {
      this.#order({ kind: "revoked", context: message.context, by: rank }, new Set(ranksIn(message.members)));
    } else if (!this.#ranks.endings.has(rank)) {
      this.#tell(this.#ballots.cast(rank, message.ballot));
    }
  }

  /** A rank has ended, in any way. */
  ended(rank: number): void {
    this.#tell(this.#ballots.gone(rank));
  }

  #tell(decided: readonly Decided[]): void {
    if (decided.length > 0) this.#tellEndings();
    for (const { outcome, members } of decided) this.#order({ kind: "decided", outcome }, members);
  }

  /** To the hosts of these ranks; their other ranks do not wait for it. */
  #order(order: Order, members: ReadonlySet<number>): void {
    const encoded = encodedOnce(order);
    for (const station of this.#stations.open) {
      const concerned = station.plan.ranks.some((rank) => members.has(rank) && !this.#ranks.endings.has(rank));
      if (concerned) this.#stations.tell(station, order, encoded);
    }
  }
}
