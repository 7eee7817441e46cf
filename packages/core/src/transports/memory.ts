import { setImmediate } from "../calls/event-loop.ts";
import type { Envelope } from "../wire/envelope.ts";
import { type Packet, withOwnAttachments } from "../wire/packet.ts";
import type { Receiver, SharedParts, Transport } from "../wire/transport.ts";

/**
 * Connects the ranks of one process. For tests of programs, for simulated worlds, and for the world of one.
 *
 * Delivers packets with `setImmediate`: each delivery is a turn of the event loop of its own, as between processes, and
 * timers and other ranks get their turns. With a source of random numbers, each turn delivers a few randomly chosen
 * packets. Packets between two ranks stay in order, which is all that MPI promises.
 */
export class MemoryNetwork {
  readonly #ends: readonly MemoryTransport[];
  readonly #random: (() => number) | undefined;
  readonly #words: Map<string, Int32Array> = new Map();
  readonly #memories: Map<string, CommonParts> = new Map();
  readonly #ranksPerHost: number;
  /** Ends that have packets and listen. */
  readonly #ready: Set<MemoryTransport> = new Set();
  #scheduled = false;

  /** @param ranksPerHost so many ranks share memory; default: all */
  constructor(size: number, random?: () => number, ranksPerHost: number = size) {
    this.#random = random;
    this.#ranksPerHost = ranksPerHost;
    this.#ends = Array.from({ length: size }, (_, rank) => new MemoryTransport(this, rank));
  }

  /** The transport of one rank. */
  end(rank: number): MemoryTransport {
    const end = this.#ends[rank];
    if (end === undefined) throw new RangeError(`no rank ${rank} in a network of ${this.#ends.length}`);
    return end;
  }

  /** See {@link Transport.words}. */
  words(name: string, count: number): Int32Array {
    const words = this.#words.get(name) ?? new Int32Array(count);
    this.#words.set(name, words);
    return words;
  }

  /** See {@link Transport.neighbors}. */
  neighbors(rank: number): number[] {
    const first = rank - (rank % this.#ranksPerHost);
    const ranks = Array.from({ length: this.#ranksPerHost }, (_, each) => first + each);
    return ranks.filter((each) => each < this.#ends.length);
  }

  /** See {@link Transport.memory}. */
  memory(name: string, sizes: readonly number[]): SharedParts {
    const memory = this.#memories.get(name) ?? new CommonParts(sizes, () => this.#memories.delete(name));
    this.#memories.set(name, memory);
    return memory.open();
  }

  /** Whether no packet is on its way to a rank that listens. */
  get idle(): boolean {
    return this.#ready.size === 0;
  }

  /** Whether a packet of this rank is on its way to a rank that listens. */
  carries(source: number): boolean {
    return [...this.#ready].some((end) => end.holds(source));
  }

  /** @internal Called when an end begins or ceases to have packets and listen. */
  ready(end: MemoryTransport, ready: boolean): void {
    if (!ready) {
      this.#ready.delete(end);
      return;
    }
    this.#ready.add(end);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#random === undefined) for (const each of [...this.#ready]) each.deliverAll();
      else this.#deliverSome(this.#random);
      const [next] = this.#ready;
      if (next !== undefined) this.ready(next, true);
    });
  }

  #deliverSome(random: () => number): void {
    for (let count = 1 + Math.floor(random() * 4); count > 0 && this.#ready.size > 0; count--) {
      const ends = [...this.#ready];
      ends[Math.floor(random() * ends.length)]?.deliverOne(random());
    }
  }
}

export class MemoryTransport implements Transport {
  readonly eagerBytes: number = 64 * 1024;
  receiver: Receiver | undefined;
  /** Called before each packet that this rank sends, so that a simulation can count them. */
  onSend: (() => void) | undefined;
  readonly #network: MemoryNetwork;
  readonly #rank: number;
  #inbox: { envelope: Envelope; body: Packet }[] = [];
  #listening = false;
  #attending = false;
  #closed = false;

  constructor(network: MemoryNetwork, rank: number) {
    this.#network = network;
    this.#rank = rank;
  }

  get neighbors(): readonly number[] {
    return this.#network.neighbors(this.#rank);
  }

  memory(name: string, sizes: readonly number[]): SharedParts {
    return this.#network.memory(name, sizes);
  }

  send(dest: number, envelope: Envelope, body: Packet): void {
    this.onSend?.();
    if (this.#closed) return;
    const end = this.#network.end(dest);
    if (end.#closed) return;
    // Copy: lent memory may change as soon as the sender has its answer.
    end.#inbox.push({ envelope, body: withOwnAttachments(body) });
    end.#report();
  }

  words(context: number, [first]: readonly number[], count: number): Int32Array {
    return this.#network.words(`${context}-${first}`, count);
  }

  listen(wanted: boolean): void {
    this.#listening = wanted;
    this.#report();
  }

  attend(wanted: boolean): void {
    this.#attending = wanted;
    this.#report();
  }

  async flush(): Promise<void> {}

  flushSync(): void {}

  async close(): Promise<void> {
    this.#closed = true;
    this.#inbox.length = 0;
    this.#report();
  }

  /** @internal */
  holds(source: number): boolean {
    return this.#inbox.some(({ envelope }) => envelope.source === source);
  }

  /** @internal */
  deliverAll(): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    this.#report();
    for (const { envelope, body } of inbox) this.receiver?.packet(envelope, body, false);
  }

  /** @internal Delivers the oldest packet of one source, chosen by a number from 0 to 1. */
  deliverOne(choice: number): void {
    const source = this.#inbox[Math.floor(choice * this.#inbox.length)]?.envelope.source;
    const first = this.#inbox.findIndex(({ envelope }) => envelope.source === source);
    const [chosen] = this.#inbox.splice(first, 1);
    this.#report();
    if (chosen !== undefined) this.receiver?.packet(chosen.envelope, chosen.body, false);
  }

  #report(): void {
    this.#network.ready(this, (this.#listening || this.#attending) && this.#inbox.length > 0);
  }
}

/** Memory of the ranks of one process. Lives until the last rank lets it go. */
class CommonParts implements SharedParts {
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
  readonly loops = undefined;
  readonly isPrivate = true;
  readonly #gone: () => void;
  #users = 0;

  constructor(sizes: readonly number[], gone: () => void) {
    this.parts = sizes.map((size) => new Uint8Array(size));
    this.#gone = gone;
  }

  open(): SharedParts {
    this.#users++;
    let open = true;
    const release = (): void => {
      if (open) this.release();
      open = false;
    };
    return { parts: this.parts, loops: undefined, isPrivate: true, unlink: () => this.unlink(), release };
  }

  unlink(): void {
    this.#gone();
  }

  release(): void {
    if (--this.#users > 0) return;
    for (const { buffer } of this.parts) structuredClone(buffer, { transfer: [buffer] });
  }
}
