import { Pull, Push } from "zeromq";

/** Those of the socket. */
export type InboxOptions = NonNullable<ConstructorParameters<typeof Pull>[0]>;

let inboxes = 0;

/** A socket that packets arrive at, which keeps the process alive only while somebody listens. */
export class Inbox {
  readonly #pull: Pull;
  readonly #wakeUp: Push;
  readonly #take: (parts: Buffer[]) => void;
  readonly #failed: (error: Error) => void;
  #wanted = false;
  #receiving = false;
  #waking = false;
  /** About to see whether it is still unwanted: a rank may change its mind with every message. */
  #checking = false;
  #closed = false;

  private constructor(pull: Pull, wakeUp: Push, take: (parts: Buffer[]) => void, failed: (error: Error) => void) {
    this.#pull = pull;
    this.#wakeUp = wakeUp;
    this.#take = take;
    this.#failed = failed;
  }

  static async open(
    options: InboxOptions,
    take: (parts: Buffer[]) => void,
    failed: (error: Error) => void,
  ): Promise<Inbox> {
    const pull = new Pull({ receiveHighWaterMark: 0, linger: 0, backlog: 4096, ...options });
    const wakeUp = new Push({ sendHighWaterMark: 0, linger: 0 });
    const own = `inproc://inbox-${inboxes++}`;
    await pull.bind(own);
    wakeUp.connect(own);
    return new Inbox(pull, wakeUp, take, failed);
  }

  /** Where it can be reached now: the endpoint with its port. */
  async bind(endpoint: string): Promise<string> {
    await this.#pull.bind(endpoint);
    return this.#pull.lastEndpoint ?? endpoint;
  }

  listen(wanted: boolean): void {
    this.#wanted = wanted;
    if (wanted) {
      if (!this.#receiving && !this.#closed) void this.#receive();
    } else if (this.#receiving && !this.#checking) {
      // A pending receive() keeps the process alive; an empty message to ourselves ends it.
      this.#checking = true;
      setImmediate(() => {
        this.#checking = false;
        if (this.#wanted || !this.#receiving || this.#waking || this.#closed) return;
        this.#waking = true; // until it arrives: a second send could find the first one pending, which is an error
        void this.#wakeUp.send(null);
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#wanted = false;
    this.#wakeUp.close();
    this.#pull.close();
  }

  async #receive(): Promise<void> {
    this.#receiving = true;
    try {
      while (this.#wanted) {
        const parts = await this.#pull.receive();
        if (parts[0]?.length === 0) this.#waking = false;
        if (!this.#closed) this.#take(parts);
      }
    } catch (error) {
      if (!this.#closed) this.#failed(error as Error);
    } finally {
      this.#receiving = false;
    }
  }
}
