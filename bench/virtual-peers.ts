import { byteLength, type Parcel } from "../packages/core/src/wire/codec/codec.ts";
import type { Peers } from "../packages/core/src/wire/peers.ts";

/**
 * The cost of a message, in microseconds; G in nanoseconds for each byte.
 *
 * LogGP: Alexandrov, Ionescu, Schauser, Scheiman, "LogGP: Incorporating Long Messages into the LogP Model" (1995).
 *
 * ```text
 * sender    |o|  kG  |          o: a core is busy with a message, at either end
 * network        |    L    |    g: the least time between two messages of one link, where kG is shorter
 * receiver                 |o|
 * ```
 */
export interface LogGP {
  readonly L: number;
  readonly o: number;
  readonly g: number;
  readonly G: number;
}

export interface Model {
  readonly within: LogGP;
  readonly between: LogGP;
  /** Ranks on one host, in blocks. They share its one link to the other hosts; within it each has its own. */
  readonly perHost: number;
}

export interface Cost {
  /** Of all ranks. */
  messages: number;
  /** Of all ranks, framing included. */
  bytes: number;
  /** Until the last rank is done. */
  us: number;
}

interface Message {
  /** Its number among all messages: two of a pair keep their order. */
  readonly number: number;
  readonly pair: number;
  readonly dest: number;
  readonly parcel: Parcel;
  readonly cost: LogGP;
  readonly link: Link;
  /** Microseconds in which it occupies a link. */
  readonly passage: number;
  due: number;
  admitted: boolean;
}

/** The times at which the two directions of a link are free again. */
interface Link {
  out: number;
  in: number;
}

/**
 * Runs a collective on `size` ranks in this process, with a simulated clock for each. The model alone decides when a message
 * arrives. Computation takes no time. `run` is called for each rank, as by a communicator.
 *
 * @throws the error of a rank, and an error if all ranks wait for each other.
 */
export async function modelled(size: number, run: (peers: Peers) => Promise<unknown>, model: Model): Promise<Cost> {
  const network = new VirtualNetwork(size, model);
  const ranks = Promise.all(Array.from({ length: size }, (_, rank) => run(network.peers(rank))));
  let done = false;
  const ended = ranks.finally(() => {
    done = true;
  });
  ended.catch(() => {});
  await network.deliver(() => done);
  await ended;
  return network.cost;
}

class VirtualNetwork {
  readonly #size: number;
  readonly #model: Model;
  readonly #hosts: readonly number[];
  readonly #clocks: Float64Array;
  readonly #own: readonly Link[];
  readonly #uplinks: readonly Link[];
  readonly #due: Heap = new Heap();
  readonly #arrived: Map<number, Message[]> = new Map();
  readonly #waiting: Map<number, ((parcel: Parcel) => void)[]> = new Map();
  #messages = 0;
  #bytes = 0;

  constructor(size: number, model: Model) {
    this.#size = size;
    this.#model = model;
    this.#hosts = Array.from({ length: size }, (_, rank) => Math.floor(rank / model.perHost));
    this.#clocks = new Float64Array(size);
    const links = (count: number): Link[] => Array.from({ length: count }, () => ({ out: 0, in: 0 }));
    this.#own = links(size);
    this.#uplinks = links(Math.ceil(size / model.perHost));
  }

  get cost(): Cost {
    return { messages: this.#messages, bytes: this.#bytes, us: this.#clocks.reduce((a, b) => Math.max(a, b), 0) };
  }

  peers(rank: number): Peers {
    return {
      rank,
      size: this.#size,
      hosts: this.#hosts,
      send: async (dest, parcel) => this.#send(rank, dest, parcel),
      recv: (source) => this.#recv(source, rank),
      take: (source, use) => this.#recv(source, rank).then(use),
    };
  }

  /**
   * The earliest first, and between two of different times every rank goes on as far as it can: what it sends then
   * cannot be there any earlier.
   */
  async deliver(done: () => boolean): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const first = this.#due.pop();
      if (first === undefined) {
        if (done()) return;
        throw new Error("all ranks wait");
      }
      this.#arrive(first);
      while (this.#due.first?.due === first.due) this.#arrive(this.#due.pop() as Message);
    }
  }

  #send(source: number, dest: number, parcel: Parcel): void {
    const bytes = byteLength(parcel);
    this.#messages++;
    this.#bytes += bytes;
    const [from, to] = [this.#hosts[source] as number, this.#hosts[dest] as number];
    const near = from === to;
    const cost = near ? this.#model.within : this.#model.between;
    const link = (near ? this.#own[source] : this.#uplinks[from]) as Link;
    const passage = Math.max(cost.g, (bytes * cost.G) / 1000);
    const leaves = Math.max((this.#clocks[source] as number) + cost.o, link.out);
    this.#clocks[source] = (this.#clocks[source] as number) + cost.o;
    link.out = leaves + passage;
    this.#due.push({
      number: this.#messages,
      pair: source * this.#size + dest,
      dest,
      parcel,
      cost,
      link: (near ? this.#own[dest] : this.#uplinks[to]) as Link,
      passage,
      due: leaves + (bytes * cost.G) / 1000 + cost.L,
      admitted: false,
    });
  }

  async #recv(source: number, dest: number): Promise<Parcel> {
    const pair = source * this.#size + dest;
    const message = this.#arrived.get(pair)?.shift();
    if (message !== undefined) return this.#take(message);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(pair);
      if (waiting === undefined) this.#waiting.set(pair, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Its last byte has arrived, unless the link into its host was busy with earlier messages. */
  #arrive(message: Message): void {
    if (!message.admitted) {
      message.admitted = true;
      const due = Math.max(message.due, message.link.in + message.passage);
      message.link.in = due;
      if (due > message.due) {
        message.due = due;
        this.#due.push(message);
        return;
      }
    }
    const waiter = this.#waiting.get(message.pair)?.shift();
    if (waiter !== undefined) {
      waiter(this.#take(message));
      return;
    }
    const arrived = this.#arrived.get(message.pair);
    if (arrived === undefined) this.#arrived.set(message.pair, [message]);
    else arrived.push(message);
  }

  #take({ dest, due, cost, parcel }: Message): Parcel {
    this.#clocks[dest] = Math.max(this.#clocks[dest] as number, due) + cost.o;
    return parcel;
  }
}

/** Messages by arrival; of those that arrive at the same time, the one that was sent first. */
class Heap {
  readonly #items: Message[] = [];

  get first(): Message | undefined {
    return this.#items[0];
  }

  push(item: Message): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(item, items[above] as Message)) break;
      items[at] = items[above] as Message;
      at = above;
    }
    items[at] = item;
  }

  pop(): Message | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && isBefore(items[below + 1] as Message, items[below] as Message)) below++;
      if (!isBefore(items[below] as Message, last)) break;
      items[at] = items[below] as Message;
      at = below;
    }
    items[at] = last;
    return first;
  }
}

function isBefore(a: Message, b: Message): boolean {
  return a.due < b.due || (a.due === b.due && a.number < b.number);
}
