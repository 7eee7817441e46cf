import type { Event, Observer } from "zeromq";

/**
 * Whether a connection to another host stands. ZeroMQ goes on trying to reach a peer that has ended, and a process that
 * has anything queued for it is kept from its own end by that, without a chance to hear that the peer has ended. So a
 * rank asks before it leaves, while it still hears.
 *
 * Looks at ZeroMQ's events only when asked: a pending read would keep the process alive.
 */
export class Connection {
  readonly #events: Observer;
  readonly #ended: Promise<"ended">;
  #next: Promise<Event> | undefined;
  #stands = false;
  end!: () => void;

  constructor(events: Observer) {
    this.#events = events;
    this.#ended = new Promise((resolve) => {
      this.end = () => resolve("ended");
    });
  }

  /** Resolves when it stands, or nobody is interested any more. */
  async standing(): Promise<void> {
    for (;;) {
      this.#next ??= this.#events.receive();
      // When it stands there may still be events to read that say otherwise.
      const others: Promise<"ended">[] = this.#stands ? [this.#ended, nextTurn()] : [this.#ended];
      const event = await Promise.race([this.#next, ...others]).catch(() => "ended" as const);
      if (event === "ended") return;
      this.#next = undefined;
      if (event.type === "handshake") this.#stands = true;
      if (event.type === "disconnect") this.#stands = false;
    }
  }
}

function nextTurn(): Promise<"ended"> {
  return new Promise((resolve) => setImmediate(resolve, "ended"));
}
