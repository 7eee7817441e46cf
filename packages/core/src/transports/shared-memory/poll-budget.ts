/** Deliveries before timers and sockets get their turn. */
const deliveriesPerTurn = 500;
/**
 * The most calls that do not poll after one has polled in vain. A program that posts receives long before their
 * messages loses a thousandth of the polling time for each.
 */
const mostDistrust = 1000;
/**
 * The same if ranks outnumber CPUs. There a sleeping rank delays the others until they sleep as well, and each step
 * takes a wake-up.
 */
const mostCrowdedDistrust = 8;

/** Some hundred microseconds, and some ten: no longer than it takes to wait in another way. */
const mostLooks = 100_000;
const fewLooks = 15_000;

/** Whether a call may poll for what it is about to wait for: mostly that must succeed, and the event loop needs its turns. */
export class PollBudget {
  readonly #most: number;
  /** Whether a rank that polls lets others have its CPU. */
  yields: boolean;
  /** Deliveries, and collectives that ended at once, since the event loop had a turn. */
  #deliveries = 0;
  /** How many calls do not poll after one has polled in vain, and how many of those are left. */
  #distrust = 0;
  #skips = 0;

  /**
   * @param crowded there are more ranks than CPUs
   * @param yields a rank that polls lets others have its CPU
   */
  constructor(crowded: boolean, yields: boolean) {
    this.#most = crowded ? mostCrowdedDistrust : mostDistrust;
    this.yields = yields;
  }

  /** How often a call looks for a small message or post, in WebAssembly, before it goes the usual way. */
  get looks(): number {
    if (this.yields || this.isSpent) return 0;
    return this.#skips === 0 ? mostLooks : fewLooks;
  }

  /** Whether the next call may poll. */
  get isOpen(): boolean {
    return this.#skips === 0 && !this.isSpent;
  }

  /** Whether the event loop must have its turn first. */
  get isSpent(): boolean {
    return this.#deliveries >= deliveriesPerTurn;
  }

  /** The event loop has its turn. */
  renew(): void {
    this.#deliveries = 0;
  }

  count(): void {
    this.#deliveries++;
  }

  /** One call has not polled. */
  skip(): void {
    if (this.#skips > 0) this.#skips--;
  }

  succeeded(): void {
    this.#deliveries++;
    if (this.#distrust > 0) this.#distrust--;
  }

  failed(): void {
    this.#distrust = Math.min(this.#most, 4 * this.#distrust + 8);
    this.#skips = this.#distrust;
  }
}
