import type { Packet, Receiver, Transport } from "../transport.ts";

/**
 * Joins n ranks of one process. For tests of programs, for simulated worlds, and for the world of one.
 *
 * Packets are delivered by `setImmediate`, so every delivery is a turn of the event loop of its own, as it is between
 * processes; timers and other ranks get their turns.
 */
export class MemoryNetwork {
  readonly #ends: MemoryTransport[];

  constructor(size: number) {
    this.#ends = Array.from({ length: size }, () => new MemoryTransport((dest) => this.#ends[dest]));
  }

  /** The transport of one rank. */
  end(rank: number): MemoryTransport {
    const end = this.#ends[rank];
    if (end === undefined) throw new RangeError(`no rank ${rank} in a network of ${this.#ends.length}`);
    return end;
  }
}

export class MemoryTransport implements Transport {
  readonly name = "memory";
  readonly eagerBytes: number = 64 * 1024;
  receiver: Receiver | undefined;
  readonly #find: (rank: number) => MemoryTransport | undefined;
  readonly #inbox: Packet[] = [];
  #listening = false;
  #scheduled = false;
  #closed = false;

  constructor(find: (rank: number) => MemoryTransport | undefined) {
    this.#find = find;
  }

  send(dest: number, packet: Packet): void {
    // Lent memory may change as soon as the sender hears of the arrival, so what arrives is a copy.
    const attachments = packet.attachments.map((part) => Uint8Array.prototype.slice.call(part));
    const end = this.#find(dest);
    if (end !== undefined) end.#arrive({ head: packet.head, attachments });
  }

  listen(wanted: boolean): void {
    this.#listening = wanted;
    this.#schedule();
  }

  async flush(): Promise<void> {}

  flushSync(): void {}

  async close(): Promise<void> {
    this.#closed = true;
    this.#inbox.length = 0;
  }

  #arrive(packet: Packet): void {
    if (this.#closed) return;
    this.#inbox.push(packet);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#listening || this.#inbox.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const packet of this.#inbox.splice(0)) this.receiver?.packet(packet);
      this.#schedule();
    });
  }
}
