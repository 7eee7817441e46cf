import { setImmediate } from "../calls/event-loop.ts";
import type { Envelope } from "../wire/envelope.ts";
import { type Packet, withOwnAttachments } from "../wire/packet.ts";
import type { Receiver, Transport } from "../wire/transport.ts";

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
  /** Ends that have packets and listen. */
  readonly #ready: Set<MemoryTransport> = new Set();
  #scheduled = false;

  constructor(size: number, random?: () => number) {
    this.#random = random;
    this.#ends = Array.from({ length: size }, () => new MemoryTransport(this));
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
  #inbox: { envelope: Envelope; body: Packet }[] = [];
  #listening = false;
  #closed = false;

  constructor(network: MemoryNetwork) {
    this.#network = network;
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
    this.#network.ready(this, this.#listening && this.#inbox.length > 0);
  }
}
