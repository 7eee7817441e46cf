import { forgetOverrides } from "../../packages/core/src/collectives/algorithms/choose.ts";
import { byteLength, type Parcel } from "../../packages/core/src/wire/codec/codec.ts";
import type { Peers } from "../../packages/core/src/wire/peers.ts";

/** What one rank has sent. */
export interface Traffic {
  messages: number;
  /** Heads and attachments. */
  bytes: number;
  /** Attachments alone: the bytes of large arrays, without any framing. */
  payload: number;
}

export interface Simulation {
  /** Decides the order in which messages of different pairs of ranks are delivered. */
  seed?: number;
  /** Host of each rank; default: all on one. */
  hosts?: readonly number[];
  /** Larger sends resolve when they are received, not before. 0: all of them, which finds algorithms that deadlock. */
  eagerBytes?: number;
  /** Whether arrivals have memory of their own and lent memory is watched, as on a real network. Off for cost only. */
  copies?: boolean;
  /** Messages are delivered in the order of {@link Outcome.steps}, not at random. */
  timed?: boolean;
  /** After how many rounds without a message all ranks are said to wait, for programs that do other things too. */
  patience?: number;
}

export interface Outcome<T> {
  outcomes: PromiseSettledResult<T>[];
  traffic: Traffic[];
  /**
   * How long it takes where each message takes one step, whatever its size, and a rank sends one and receives one at a
   * time: the factor of alpha in the costs of algorithms. Of meaning when `timed`.
   */
  steps: number;
}

interface Message {
  source: number;
  dest: number;
  parcel: Parcel;
  /** The step at whose end it is there. */
  due: number;
  /** The bytes as they were when sent. */
  kept: Uint8Array[];
  taken: () => void;
  failed: (error: Error) => void;
}

interface Waiter {
  arrived: (parcel: Parcel) => void;
  failed: (error: Error) => void;
}

/**
 * Runs a program on n ranks in this process, on a network that does all that {@link Peers} allows and no more: order
 * is kept for each pair of ranks only, everything else is shuffled. Throws when a message is left unreceived, when
 * memory changes while it is lent, and when all ranks wait.
 */
export async function simulate<T>(
  size: number,
  program: (peers: Peers) => Promise<T>,
  options: Simulation = {},
): Promise<Outcome<T>> {
  forgetOverrides(); // the tests change the environment
  const network = new Network(size, options);
  const runs = Array.from({ length: size }, async (_, rank) => {
    try {
      return await program(network.peers(rank));
    } catch (error) {
      network.fail(new Error(`rank ${rank} failed`, { cause: error }));
      throw error;
    } finally {
      network.running--;
    }
  });
  const outcomes = await Promise.allSettled(runs);
  if (network.broken !== undefined) throw network.broken;
  if (outcomes.every(({ status }) => status === "fulfilled")) network.refuseLeftovers();
  return { outcomes, traffic: network.traffic, steps: network.steps };
}

/** The results of a program that no rank rejects. */
export async function results<T>(
  size: number,
  program: (peers: Peers) => Promise<T>,
  options?: Simulation,
): Promise<T[]> {
  const { outcomes } = await simulate(size, program, options);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}

/** A small generator of numbers from 0 to 1 (mulberry32): the same for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Network {
  readonly traffic: Traffic[];
  running: number;
  /** A fault of the algorithm that no rank can see. */
  broken: Error | undefined;
  readonly #size: number;
  readonly #hosts: readonly number[];
  readonly #eagerBytes: number;
  readonly #copies: boolean;
  readonly #timed: boolean;
  /** For each rank: the step that it is in, and the last ones in which it sent and received. */
  readonly #clocks: { now: number; sent: number; received: number }[];
  readonly #random: () => number;
  /** Messages on their way, one queue for each pair of ranks; pairs without any are left out. */
  readonly #queues: Map<number, Message[]> = new Map();
  #pairs: number[] = [];
  readonly #arrived: Map<number, Message[]> = new Map();
  readonly #waiting: Map<number, Waiter[]> = new Map();
  #failure: Error | undefined;
  #pumping = false;
  readonly #patience: number;
  #idle = 0;

  constructor(
    size: number,
    { seed = 1, hosts, eagerBytes = 0, copies = true, timed = false, patience = 1 }: Simulation,
  ) {
    this.#timed = timed;
    this.#clocks = Array.from({ length: size }, () => ({ now: 0, sent: 0, received: 0 }));
    this.#patience = patience;
    this.#size = size;
    this.running = size;
    this.#hosts = hosts ?? new Array<number>(size).fill(0);
    this.#eagerBytes = eagerBytes;
    this.#copies = copies;
    this.#random = random(seed);
    this.traffic = Array.from({ length: size }, () => ({ messages: 0, bytes: 0, payload: 0 }));
  }

  peers(rank: number): Peers {
    return {
      rank,
      size: this.#size,
      hosts: this.#hosts,
      send: (dest, parcel) => this.#send(rank, dest, parcel),
      recv: (source) => this.#recv(source, rank),
      take: (source, use) => {
        const result = this.#recv(source, rank).then(use);
        result.catch(() => {});
        return result;
      },
    };
  }

  get steps(): number {
    return Math.max(...this.#clocks.map(({ now }) => now));
  }

  fail(error: Error): void {
    this.#failure ??= error;
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.failed(error);
    for (const queues of [this.#queues, this.#arrived]) {
      for (const messages of queues.values()) for (const message of messages) message.failed(error);
    }
  }

  refuseLeftovers(): void {
    for (const queues of [this.#queues, this.#arrived]) {
      for (const [message] of queues.values()) {
        if (message !== undefined)
          throw new Error(`rank ${message.dest} left a message of rank ${message.source} unreceived`);
      }
    }
  }

  async #send(source: number, dest: number, parcel: Parcel): Promise<void> {
    this.#require(dest, source);
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = byteLength(parcel);
    const traffic = this.traffic[source] as Traffic;
    traffic.messages++;
    traffic.bytes += bytes;
    traffic.payload += bytes - parcel.head.byteLength;
    const copy = (part: Uint8Array): Uint8Array => (this.#copies ? new Uint8Array(part) : part);
    const kept = parcel.attachments.map(copy);
    const clock = this.#clocks[source] as { now: number; sent: number };
    const due = Math.max(clock.now, clock.sent) + 1;
    clock.sent = due;
    const eager = bytes < this.#eagerBytes;
    const sent = { head: copy(parcel.head), attachments: eager ? kept : parcel.attachments };
    await new Promise<void>((resolve, reject) => {
      const message: Message = { source, dest, due, parcel: sent, kept, taken: resolve, failed: reject };
      const pair = source * this.#size + dest;
      const queue = this.#queues.get(pair);
      if (queue === undefined) {
        this.#queues.set(pair, [message]);
        this.#pairs.push(pair);
      } else queue.push(message);
      if (eager) resolve();
      this.#pump();
    });
  }

  async #recv(source: number, dest: number): Promise<Parcel> {
    this.#require(source, dest);
    if (this.#failure !== undefined) throw this.#failure;
    const pair = source * this.#size + dest;
    const message = this.#arrived.get(pair)?.shift();
    if (message !== undefined) return this.#take(message);
    this.#pump();
    return new Promise((arrived, failed) => {
      const waiters = this.#waiting.get(pair);
      if (waiters === undefined) this.#waiting.set(pair, [{ arrived, failed }]);
      else waiters.push({ arrived, failed });
    });
  }

  #require(peer: number, rank: number): void {
    if (Number.isInteger(peer) && peer >= 0 && peer < this.#size && peer !== rank) return;
    throw new Error(`rank ${rank} has no peer ${peer}`);
  }

  #take({ parcel, kept, taken, source, dest, due }: Message): Parcel {
    const clock = this.#clocks[dest] as { now: number };
    clock.now = Math.max(clock.now, due);
    taken();
    if (!this.#copies) return parcel;
    if (parcel.attachments.some((part, i) => Buffer.compare(part, kept[i] as Uint8Array) !== 0)) {
      this.#break(new Error(`rank ${source} changed memory that it had lent`));
    }
    return { head: parcel.head, attachments: kept };
  }

  #break(error: Error): void {
    this.broken ??= error;
    this.fail(error);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => this.#deliverSome());
  }

  /** Between two rounds all ranks go on as far as they can. */
  #deliverSome(): void {
    this.#pumping = false;
    if (this.#pairs.length === 0) {
      if (this.running === 0 || this.#failure !== undefined) return;
      // Rounds without deliveries and with nothing new sent: nobody can go on.
      if (++this.#idle > this.#patience) this.#break(new Error(`deadlock: ${this.#whoWaits()}`));
      else this.#pump();
      return;
    }
    this.#idle = 0;
    this.#pump();
    if (this.#timed) {
      this.#deliverNext();
      return;
    }
    const count = 1 + Math.floor(this.#random() * this.#pairs.length);
    for (let i = 0; i < count && this.#pairs.length > 0; i++) this.#deliverOne();
  }

  /** All messages that are there at the end of the earliest step. */
  #deliverNext(): void {
    const due = this.#pairs.map((pair) => this.#queues.get(pair)?.[0]?.due as number);
    const first = due.reduce((a, b) => Math.min(a, b));
    for (let index = due.length - 1; index >= 0; index--) if (due[index] === first) this.#deliver(index);
  }

  #deliverOne(): void {
    this.#deliver(Math.floor(this.#random() * this.#pairs.length));
  }

  #deliver(index: number): void {
    const pair = this.#pairs[index] as number;
    const queue = this.#queues.get(pair) as Message[];
    const message = queue.shift() as Message;
    if (queue.length === 0) {
      this.#queues.delete(pair);
      this.#pairs[index] = this.#pairs.at(-1) as number;
      this.#pairs.pop();
    }
    const clock = this.#clocks[message.dest] as { received: number };
    message.due = Math.max(message.due, clock.received + 1);
    clock.received = message.due;
    const waiter = this.#waiting.get(pair)?.shift();
    if (waiter !== undefined) {
      waiter.arrived(this.#take(message));
      return;
    }
    const arrived = this.#arrived.get(pair);
    if (arrived === undefined) this.#arrived.set(pair, [message]);
    else arrived.push(message);
  }

  #whoWaits(): string {
    const waits = [...this.#waiting].filter(([, waiters]) => waiters.length > 0);
    return waits.map(([pair]) => `rank ${pair % this.#size} waits for ${Math.floor(pair / this.#size)}`).join(", ");
  }
}
