import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Arrival } from "./arrival.ts";
import type { Outbound } from "./outbound.ts";
import { overheadBytes, type Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";

/** What a receiver answers to the senders of messages: that they are received, and how much credit is free again. */
export class Acknowledgements {
  readonly #rank: number;
  readonly #peers: PeerTable;
  readonly #outbound: Outbound;

  constructor(rank: number, peers: PeerTable, outbound: Outbound) {
    this.#rank = rank;
    this.#peers = peers;
    this.#outbound = outbound;
  }

  /** An arrival with its body was taken out of the queue. */
  taken(arrival: Arrival): void {
    if (arrival.settled) return;
    arrival.settled = true;
    this.received(arrival.envelope);
  }

  /** A receive has got a message whose body is here. */
  received(envelope: Envelope): void {
    const peer = this.#peers.get(envelope.source);
    if (!envelope.collective) peer.taken++;
    if (envelope.sync) this.#outbound.answer(envelope, kind.received);
    if (envelope.source !== this.#rank) this.returnCredit(envelope.source, peer, envelope.bytes);
  }

  /** No receive will take this message. It counts as received, so that its sender neither waits nor runs out of credit. */
  discard(envelope: Envelope, body: Packet | undefined): void {
    if (body !== undefined) {
      this.received(envelope);
      return;
    }
    if (!envelope.collective) this.#peers.get(envelope.source).taken++;
    this.#outbound.answer(envelope, kind.grant);
  }

  /** An eager message of so many bytes was received from rank `source` of the world. */
  returnCredit(source: number, peer: Peer, bytes: number): void {
    peer.owed += bytes + overheadBytes;
    if (!peer.owesMuch) return;
    this.#outbound.returnCredit(source, peer.owed);
    peer.owed = 0;
  }
}
