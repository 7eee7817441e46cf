import { type Envelope, type Kind, kind } from "../wire/envelope.ts";
import { empty, type Packet, withOwnAttachments } from "../wire/packet.ts";
import type { Transport } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";

/** What a packet that is no message is about. */
type Subject = Pick<Envelope, "collective" | "context" | "tag" | "id" | "signature">;

/** Takes what a rank sends to itself. */
export type Deliver = (envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer) => void;

/** The packets that leave one rank: gives them their envelopes, and counts them. */
export class Outbound {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  readonly #toSelf: Deliver;

  constructor(rank: number, transport: Transport, peers: PeerTable, toSelf: Deliver) {
    this.#rank = rank;
    this.#transport = transport;
    this.#peers = peers;
    this.#toSelf = toSelf;
  }

  /** Answers within the conversation that `envelope` belongs to; what is in the body stays as it is. */
  answer(envelope: Envelope, answer: Kind, bytes: number = envelope.bytes, body: Packet = empty): void {
    this.#say(envelope.source, answer, envelope, bytes, body, true);
  }

  /** Tells rank `dest` that the message which `request` has announced will not come. */
  withdraw(dest: number, request: Envelope): void {
    this.#say(dest, kind.withdraw, request, request.bytes, empty, false);
  }

  /** Tells rank `dest` something about collective `number`. */
  tell(channel: Channel, dest: number, what: Kind, number: number, signature: number, body: Packet): void {
    const { context, collective } = channel;
    this.#say(dest, what, { context, collective, tag: number, id: 0, signature }, 0, body, false);
  }

  #say(dest: number, what: Kind, about: Subject, bytes: number, body: Packet, lent: boolean): void {
    const { collective, context, tag, id, signature } = about;
    const peer = this.#peers.get(dest);
    const { sent: sequence } = peer;
    const source = this.#rank;
    this.post(
      dest,
      peer,
      { kind: what, collective, sync: false, context, source, tag, id, sequence, bytes, signature },
      body,
      lent,
    );
  }

  /** Envelopes are always written with their fields in the same order: code that reads them then knows where they are. */
  post(dest: number, peer: Peer, envelope: Envelope, body: Packet, lent: boolean): void {
    if (dest === this.#rank) {
      this.#toSelf(envelope, withOwnAttachments(body), false, peer); // the receive must not share the sender's memory
      return;
    }
    if (peer.ending !== undefined) return;
    peer.sent = (peer.sent + 1) >>> 0;
    this.#transport.send(dest, envelope, body, lent);
  }
}
