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

/** Whether a call may poll for what it is about to wait for: mostly that must succeed, and the event loop needs its turns. */
export class PollBudget {
  readonly #most: number;
  /** Deliveries since the event loop had a turn. */
  deliveries = 0;
  /** How many calls do not poll after one has polled in vain, and how many of those are left. */
  #distrust = 0;
  #skips = 0;

  /** @param crowded there are more ranks than CPUs */
  constructor(crowded: boolean) {
    this.#most = crowded ? mostCrowdedDistrust : mostDistrust;
  }

  /** Whether the next call may poll. */
  get isOpen(): boolean {
    return this.#skips === 0 && this.deliveries < deliveriesPerTurn;
  }

  /** Whether deliveries go on in this turn of the event loop. */
  get hasDeliveries(): boolean {
    return this.deliveries < deliveriesPerTurn;
  }

  /** One call has not polled. */
  skip(): void {
    if (this.#skips > 0) this.#skips--;
  }

  succeeded(): void {
    this.deliveries++;
    if (this.#distrust > 0) this.#distrust--;
  }

  failed(): void {
    this.#distrust = Math.min(this.#most, 4 * this.#distrust + 8);
    this.#skips = this.#distrust;
  }
}
