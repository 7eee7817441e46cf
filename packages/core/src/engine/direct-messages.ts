import type { Elements } from "../calls/regions/block.ts";
import { short, shortBytes } from "../wire/codec/codec.ts";
import { notThere, type ShortReceiver, type ShortSender } from "../wire/short-messages.ts";
import type { Transport } from "../wire/transport.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { Channel } from "./channel.ts";
import type { Liveness } from "./liveness.ts";
import { overheadBytes } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";
import type { WaitCounter } from "./wait-counter.ts";

/**
 * Small messages of users that neither wait nor meet anything unusual, between ranks that share memory. They take this
 * path of a few functions, because in its first thousand messages a program pays for each function of the path: V8 reads
 * it, interprets it, and later compiles it on a CPU that another rank needs.
 *
 * Whatever this path does not know is left to {@link Sends} and {@link Receives}, and nothing has been done then.
 */
export class DirectMessages {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #waits: WaitCounter;
  readonly #acknowledgements: Acknowledgements;
  readonly #senders: (ShortSender | undefined)[] = [];
  readonly #receivers: (ShortReceiver | undefined)[] = [];

  constructor(
    rank: number,
    transport: Transport,
    peers: PeerTable,
    liveness: Liveness,
    waits: WaitCounter,
    acknowledgements: Acknowledgements,
  ) {
    this.#rank = rank;
    this.#transport = transport;
    this.#peers = peers;
    this.#liveness = liveness;
    this.#waits = waits;
    this.#acknowledgements = acknowledgements;
  }

  /** Sends to rank `dest` of the world; false: it is to be sent in the usual way. */
  send({ context }: Channel, dest: number, tag: number, value: unknown): boolean {
    const sender = this.#senders[dest] ?? this.#findSender(dest);
    const peer = this.#peers.known(dest);
    if (sender === undefined || peer === undefined || peer.ending !== undefined || this.#liveness.over) return false;
    const ready = short(value);
    if (ready === undefined) return false;
    const bytes = shortBytes(ready);
    const cost = bytes + overheadBytes;
    if (bytes > mostBytes || cost > peer.credit) return false;
    if (!sender.sendShort(context, this.#rank, tag, peer.sent, ready, bytes)) return false;
    peer.sent = (peer.sent + 1) >>> 0;
    peer.credit -= cost;
    peer.messages++;
    peer.lastTag = tag;
    return true;
  }

  /** Receives from rank `source` of the world; undefined: it is to be received in the usual way. */
  receive(channel: Channel, source: number, tag: number, into: Elements | undefined): Promise<unknown> | undefined {
    const receiver = this.#receivers[source] ?? this.#findReceiver(source);
    const peer = this.#peers.known(source);
    if (receiver === undefined || peer === undefined || peer.ending !== undefined) return undefined;
    // Other calls that wait want to hear of their packets, which this one would not deliver.
    if (this.#liveness.over || this.#waits.count > 0 || !channel.matching.isEmpty) return undefined;
    const value = receiver.receiveShort(channel.context, tag, peer.received, into);
    if (value === notThere) return undefined;
    peer.received = (peer.received + 1) >>> 0;
    peer.taken++;
    this.#acknowledgements.returnCredit(source, peer, receiver.shortBytes);
    return this.#waits.atOnce(value);
  }

  #findSender(dest: number): ShortSender | undefined {
    const sender = this.#transport.shortSender?.(dest);
    if (sender !== undefined) this.#senders[dest] = sender;
    return sender;
  }

  #findReceiver(source: number): ShortReceiver | undefined {
    const receiver = this.#transport.shortReceiver?.(source);
    if (receiver !== undefined) this.#receivers[source] = receiver;
    return receiver;
  }
}

/** Longer arrays are written and read in pieces at the same time. */
const mostBytes = 1 + 64 * 1024;
