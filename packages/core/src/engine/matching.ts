import { setImmediate } from "../calls/event-loop.ts";
import type { Arrival } from "./arrival.ts";
import { isLinked } from "./linked-list.ts";
import { any, type Entry, MatchQueue } from "./match-queue.ts";
import type { PostedReceive } from "./posted-receive.ts";

/**
 * Matches the messages of one channel: arrivals meet posted receives.
 *
 * ```text
 *   arrive ──► a posted receive fits? ──► matched
 *                      │ no
 *                      ▼
 *               arrived, oldest first ◄── post: does one of them fit?
 * ```
 * The order is MPI's. A receive takes the oldest message that fits. A message goes to the first posted receive that
 * fits.
 */
export class Matching {
  readonly #arrived: MatchQueue<Arrival> = new MatchQueue("entries");
  readonly #posted: MatchQueue<PostedReceive> = new MatchQueue("lookups");
  #postedSoFar = 0;
  /** How many arrivals are held for a probe now. */
  #held = 0;
  readonly #matched: (posted: PostedReceive, arrival: Arrival) => void;

  /**
   * How many arrivals have each tag. A collective asks at its end, when ranks that are ahead may have sent hundreds.
   */
  readonly #tags: Map<number, number> | undefined;

  /** `matched` is called when a posted receive or probe meets its message. */
  constructor(matched: (posted: PostedReceive, arrival: Arrival) => void, countsTags: boolean) {
    this.#matched = matched;
    if (countsTags) this.#tags = new Map();
  }

  arrive(arrival: Arrival): void {
    const { source, tag } = arrival;
    const posted = this.#posted.size === 0 ? undefined : this.#posted.first(source, tag);
    // An older arrival that fits is held for a probe; this one must not overtake it.
    if (posted === undefined || (this.#held > 0 && this.#arrived.first(posted.source, posted.tag)?.held)) {
      arrival.keep();
      this.#append(arrival);
      return;
    }
    this.#posted.remove(posted);
    if (posted.probe) {
      arrival.keep();
      this.#append(arrival);
      this.#show(arrival, posted);
    } else {
      this.#matched(posted, arrival);
    }
  }

  /** The receive that a message from there would go to, if it arrived now. */
  expects(source: number, tag: number): PostedReceive | undefined {
    const posted = this.#posted.first(source, tag);
    return posted === undefined || posted.probe || this.#held > 0 ? undefined : posted;
  }

  /** Whether a receive that is posted now would get the next message that fits. */
  isFree(source: number, tag: number): boolean {
    return this.#posted.size === 0 && (this.#arrived.size === 0 || this.#arrived.first(source, tag) === undefined);
  }

  /** Whether nothing has arrived that is not taken, and no receive or probe waits. */
  get isEmpty(): boolean {
    return this.#posted.size === 0 && this.#arrived.size === 0;
  }

  /** Takes the oldest arrival that fits; undefined if there is none or it is held for a probe. */
  next(source: number, tag: number): Arrival | undefined {
    const arrival = this.#arrived.size === 0 ? undefined : this.#arrived.first(source, tag);
    if (arrival === undefined || arrival.held) return undefined;
    this.#remove(arrival);
    return arrival;
  }

  post(posted: PostedReceive): void {
    const arrival = this.#arrived.size === 0 ? undefined : this.#arrived.first(posted.source, posted.tag);
    if (arrival === undefined || arrival.held) {
      this.number(posted);
      this.#posted.append(posted);
      if (arrival !== undefined) arrival.blocks = true;
    } else if (posted.probe) {
      this.#show(arrival, posted);
    } else {
      this.#remove(arrival);
      this.#matched(posted, arrival);
    }
  }

  /** Gives a receive its place in the order of all receives. */
  number(posted: PostedReceive): void {
    posted.order = this.#postedSoFar++;
  }

  /** The message of a receive was withdrawn: the receive gets the oldest message that fits, or else its old place. */
  postAgain(posted: PostedReceive): void {
    this.#posted.insert(posted);
    this.#rematch(posted);
  }

  /** Removes the request of a message that its sender has withdrawn. */
  recall(source: number, tag: number, id: number): void {
    const arrival = this.#arrived
      .all(source, tag)
      .find(({ envelope, body }) => envelope.id === id && body === undefined);
    if (arrival === undefined) return;
    this.#remove(arrival);
    this.#release(arrival);
  }

  /** Removes a receive that waits. */
  withdraw(posted: PostedReceive): void {
    this.#posted.remove(posted);
  }

  /** The oldest arrival that fits. It stays in the queue. */
  peek(source: number, tag: number): Arrival | undefined {
    return this.#arrived.first(source, tag);
  }

  /** The arrival that is most like what a receive waits for: from that source, or else with that tag. */
  near(source: number, tag: number): Arrival | undefined {
    return this.#arrived.first(source, any) ?? (tag === any ? undefined : this.#arrived.first(any, tag));
  }

  /** Takes exactly this arrival. False when another receive has taken it. */
  take(arrival: Arrival): boolean {
    if (!isLinked(arrival)) return false;
    this.#remove(arrival);
    this.#release(arrival);
    return true;
  }

  /** Puts an arrival that could not be used back to its old place, so that it can be received again. */
  putBack(arrival: Arrival): void {
    arrival.keep();
    this.#arrived.insert(arrival);
    this.#count(arrival.tag, 1);
    this.#rematch(arrival);
  }

  /** Removes and returns the arrivals that fit. */
  sweep(source: number, tag: number): readonly Arrival[] {
    if (this.#arrived.size === 0 || (tag !== any && this.#tags?.has(tag) === false)) return none;
    const swept = this.#arrived.all(source, tag);
    for (const arrival of swept) this.#remove(arrival);
    return swept;
  }

  /** The arrivals that no receive has taken, the oldest first. */
  get unexpected(): Iterable<Arrival> {
    return this.#arrived;
  }

  /** The receives and probes that wait, the first posted first. */
  get posted(): Iterable<PostedReceive> {
    return this.#posted;
  }

  /**
   * `recv({ probed: await probe() })` must get the message that the probe found, even if other receives wait for one
   * like it. So the probed arrival is held until the promises of this turn have run. Other receives that fit wait that
   * long.
   */
  #show(arrival: Arrival, probe: PostedReceive): void {
    arrival.held = true;
    arrival.blocks = this.#posted.first(arrival.source, arrival.tag) !== undefined;
    this.#held += 1;
    setImmediate(() => this.#release(arrival));
    this.#matched(probe, arrival);
  }

  #append(arrival: Arrival): void {
    this.#arrived.append(arrival);
    this.#count(arrival.tag, 1);
  }

  #remove(arrival: Arrival): void {
    this.#arrived.remove(arrival);
    this.#count(arrival.tag, -1);
  }

  #count(tag: number, change: 1 | -1): void {
    if (this.#tags === undefined) return;
    const count = (this.#tags.get(tag) ?? 0) + change;
    if (count === 0) this.#tags.delete(tag);
    else this.#tags.set(tag, count);
  }

  #release(arrival: Arrival): void {
    if (!arrival.held) return;
    arrival.held = false;
    this.#held -= 1;
    if (arrival.blocks) this.#rematch(arrival);
  }

  /**
   * An arrival was put back or released, or a receive was put back: matches the receives that had to wait, oldest
   * first.
   */
  #rematch({ source, tag }: Entry): void {
    for (const posted of this.#posted.all(source, tag)) {
      if (!isLinked(posted)) continue;
      const arrival = this.#arrived.first(posted.source, posted.tag);
      if (arrival === undefined || arrival.held) continue;
      this.#posted.remove(posted);
      if (posted.probe) {
        this.#show(arrival, posted);
      } else {
        this.#remove(arrival);
        this.#matched(posted, arrival);
      }
    }
  }
}

const none: readonly Arrival[] = [];
