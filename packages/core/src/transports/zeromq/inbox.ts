import { Pull, Push } from "zeromq";
import { clearInterval, eventLoopTurn, now, setImmediate, setInterval } from "../../calls/event-loop.ts";
import { System } from "../libc.ts";
import { IoThread } from "./io-thread.ts";

/** Options of the socket. */
export type InboxOptions = NonNullable<ConstructorParameters<typeof Pull>[0]>;

/**
 * How long a waiting rank polls before it sleeps: waking takes 60 us on a virtual machine, and each message between two
 * sleeping ranks wakes three threads. It yields the CPU between polls, because the threads that bring the message need
 * one and the kernel does not take it from a running thread (measured: 130 us a round trip instead of 320; 500 without
 * yielding).
 */
const lookMs = 1;
/**
 * Used after the last message came shortly after the rank had gone to sleep, if each rank has a CPU: a rank that has
 * slept finds ZeroMQ's thread on any CPU, maybe those of both hosts on the same one. Measured for 1 MiB there and back,
 * encrypted: 4.0 ms, now 3.1.
 */
const longLookMs = 4;
/** Messages of 64 KiB and more, encrypted, or of some hundred KiB in the clear, take longer than this. */
const lateMs = 0.15;
/** Polls before timers and other sockets get their turn. */
const looksPerTurn = 20;

/** How often a rank looks for messages that it attends to without waiting. A look takes 2 us. */
const attendMs = 1;
/** After a message the rank goes on looking for so long, because requests come in sequence. */
const burstMs = 0.5;

let inboxes = 0;

/** A socket that receives packets. It keeps the process alive only while the engine listens. */
export class Inbox {
  readonly #pull: Pull;
  readonly #wakeUp: Push;
  readonly #take: (parts: Buffer[]) => void;
  readonly #failed: (error: Error) => void;
  #wanted = false;
  #receiving = false;
  #waking = false;
  /** A message has come. If the ranks of a host share memory, none comes to the inbox for this host. */
  #spokenTo = false;
  /**
   * A check whether the socket is still not wanted is scheduled: a rank may begin to listen again with every message.
   */
  #checking = false;
  #closed = false;
  #attendance: NodeJS.Timeout | undefined;
  /** There are more ranks than CPUs on this host, so polling takes time from ranks that work. */
  crowded = false;
  #lookMs: number = lookMs;

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

  /** Binds to the endpoint and returns it with its port. */
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
        this.#waking = true; // until it arrives: a second send while the first is pending is an error
        void this.#wakeUp.send(null);
      });
    }
  }

  /**
   * Takes messages also while nothing listens: looks for them every few milliseconds, because a pending receive would keep the
   * process alive.
   */
  attend(wanted: boolean): void {
    clearInterval(this.#attendance);
    this.#attendance = wanted ? setInterval(() => void this.#takeReadable(), attendMs).unref() : undefined;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#attendance);
    this.#wanted = false;
    this.#wakeUp.close();
    this.#pull.close();
  }

  /**
   * Polls for a message; false if none came in time. Must not run while a receive is pending: reading `readable` would
   * take the receive's event.
   */
  async #pollAWhile(began: number): Promise<boolean> {
    const system = System.loadIfAny();
    if (system === undefined) return true; // this platform never polls, so the sleep says nothing about how long to poll
    const ioThread = IoThread.find(system);
    ioThread?.begin();
    let found = false;
    for (let spent = 0; spent < this.#lookMs && !found; spent = now() - began) {
      if (spent > lateMs) ioThread?.late();
      await eventLoopTurn();
      found = !this.#wanted || this.#closed;
      for (let i = 0; i < looksPerTurn && !found; i++) {
        found = this.#pull.readable;
        if (!found) system.yieldCpu();
      }
    }
    if (found) ioThread?.end();
    else ioThread?.sleep();
    return found;
  }

  /** Takes what is here, and what comes shortly after. */
  async #takeReadable(): Promise<void> {
    if (this.#receiving || this.#closed || !this.#pull.readable) return;
    this.#receiving = true;
    try {
      for (let last = now(); now() - last < burstMs && !this.#wanted && !this.#closed; ) {
        if (this.#pull.readable) {
          this.#handle(await this.#pull.receive());
          last = now();
        } else await eventLoopTurn();
      }
    } catch (error) {
      if (!this.#closed) this.#failed(error as Error);
    } finally {
      this.#receiving = false;
    }
    if (this.#wanted && !this.#closed) void this.#receive();
  }

  #handle(parts: Buffer[]): void {
    if (parts[0]?.length === 0) this.#waking = false;
    else this.#spokenTo = true;
    if (!this.#closed) this.#take(parts);
  }

  async #receive(): Promise<void> {
    this.#receiving = true;
    try {
      while (this.#wanted) {
        const began = now();
        const found = !this.#spokenTo || this.#pull.readable || (await this.#pollAWhile(began));
        if (!this.#wanted) break;
        const parts = await this.#pull.receive();
        if (!found) this.#lookMs = !this.crowded && now() - began < longLookMs ? longLookMs : lookMs;
        this.#handle(parts);
      }
    } catch (error) {
      if (!this.#closed) this.#failed(error as Error);
    } finally {
      this.#receiving = false;
    }
  }
}
