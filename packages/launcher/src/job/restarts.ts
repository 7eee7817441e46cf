import type { Allocation } from "../hosts/host.ts";
import type { Placement } from "../hosts/placement.ts";
import { count } from "../reports/table.ts";

/** How a job ended that may be started again. */
export interface AttemptEnd {
  code: number;
  /** Why it failed, as the beginning of a sentence. Undefined: to start it again makes no sense. */
  failure: string | undefined;
  /** The hosts that were lost, or could not be used. */
  lostHosts: readonly string[];
  /** It has read some of the standard input, which cannot be read again. */
  usedInput: boolean;
  /** How long it ran. */
  ms: number;
}

export interface Restart {
  /** How often the job was started before: 1 for the first restart. */
  number: number;
  pauseMs: number;
  /** The last start failed early, in the same way as the one before. */
  asBefore: boolean;
}

const firstPauseMs = 1000;
/** The longest pause. A job that ran for longer than this did not fail at its start, and is started again without a pause. */
const longestPauseMs = 30_000;

/** Decides whether a job that failed is started again, and when: `--restarts`. */
export class Restarts {
  readonly #most: number;
  #number = 0;
  #pauseMs = firstPauseMs;
  #lastFailure: string | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Undefined: it stays ended. */
  after({ failure, ms }: AttemptEnd): Restart | undefined {
    if (failure === undefined || this.#number >= this.#most) return undefined;
    const isEarly = ms < longestPauseMs;
    const restart = {
      number: ++this.#number,
      pauseMs: isEarly ? this.#pauseMs : 0,
      asBefore: isEarly && failure === this.#lastFailure,
    };
    this.#pauseMs = isEarly ? Math.min(2 * this.#pauseMs, longestPauseMs) : firstPauseMs;
    this.#lastFailure = failure;
    return restart;
  }

  /** `; starting again in 1 s (restart 1 of 3)`. `without`: the hosts that are left out now. */
  describe(
    { number, pauseMs, asBefore }: Restart,
    failure: string,
    without: readonly string[],
    before: Placement,
    after: Placement,
  ): string {
    const again = asBefore ? ", as the last time" : "";
    const when = pauseMs === 0 ? "" : ` in ${pauseMs / 1000} s`;
    const hosts = without.length === 0 ? "" : ` without ${without.join(", ")}`;
    const fewer = after.size === before.size ? "" : ` instead of ${before.size}`;
    const where =
      without.length === 0
        ? ""
        : `, with ${count(after.size, "rank")}${fewer} on ${after.nodes.map(({ host }) => host.name).join(", ")}${crowding(after)}`;
    return `${failure}${again}; starting again${hosts}${when}${where} (restart ${number} of ${this.#most})`;
  }

  /** What is said when the job failed and has been started so often; undefined if there is nothing to say. */
  get usedUp(): string | undefined {
    if (this.#most === 0 || this.#number < this.#most) return undefined;
    return `not started again: ${this.#most === 1 ? "the one restart is" : `all ${this.#most} restarts are`} used (--restarts)`;
  }
}

function crowding({ size, slots }: Placement): string {
  return size > slots ? `, which have ${count(slots, "slot")}` : "";
}

/** The hosts that are left. */
export function withoutHosts(allocation: Allocation, lost: readonly string[]): Allocation {
  const isLeft = ({ name }: { name: string }): boolean => !lost.includes(name);
  const { hosts, order } = allocation;
  return { ...allocation, hosts: hosts.filter(isLeft), ...(order && { order: order.filter(isLeft) }) };
}
