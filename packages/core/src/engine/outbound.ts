import { type Envelope, type Kind, kind } from "../wire/envelope.ts";
import { empty, type Packet, withOwnAttachments } from "../wire/packet.ts";
import type { Transport } from "../wire/transport.ts";
import type { Channel } from "./channel.ts";
import type { Peer } from "./peer.ts";
import type { PeerTable } from "./peer-table.ts";

/** The fields of an envelope that an answer or a notice takes from its subject. */
type Subject = Pick<Envelope, "collective" | "context" | "tag" | "id" | "signature">;

export type Deliver = (envelope: Envelope, body: Packet, borrowed: boolean, peer: Peer) => void;

/** The packets that leave one rank. Makes their envelopes, and counts them. */
export class Outbound {
  readonly #rank: number;
  readonly #transport: Transport;
  readonly #peers: PeerTable;
  /** Handles packets from this rank to itself; set by the engine. */
  toSelf: Deliver | undefined;

  constructor(rank: number, transport: Transport, peers: PeerTable) {
    this.#rank = rank;
    this.#transport = transport;
    this.#peers = peers;
  }

  /** Answers within the exchange that `envelope` belongs to. The body is lent. */
  answer(envelope: Envelope, answer: Kind, bytes: number = envelope.bytes, body: Packet = empty): void {
    this.#say(envelope.source, answer, envelope, bytes, body, true);
  }

  /** Gives rank `dest` its credit back for so many bytes of eager messages. */
  returnCredit(dest: number, bytes: number): void {
    this.#say(dest, kind.credit, noSubject, bytes, empty, false);
  }

  /** Tells rank `dest` that the message of `request` will not come. */
  withdraw(dest: number, request: Envelope): void {
    this.#say(dest, kind.withdraw, request, request.bytes, empty, false);
  }

  /** Sends rank `dest` a notice about collective `number`. */
  tell(channel: Channel, dest: number, what: Kind, number: number, signature: number, body: Packet): void {
    const { context, collective } = channel;
    this.#say(dest, what, { context, collective, tag: number, id: 0, signature }, 0, body, false);
  }

  /** Sends rank `dest` a request to its part of window `context`. The body may change when this returns. */
  access(dest: number, context: number, id: number, bytes: number, body: Packet): void {
    this.#say(dest, kind.access, { collective: false, context, tag: 0, id, signature: 0 }, bytes, body, false);
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

  /** All envelopes are made with their fields in the same order, so that V8 gives them one hidden class. */
  post(dest: number, peer: Peer, envelope: Envelope, body: Packet, lent: boolean): void {
    if (dest === this.#rank) {
      this.toSelf?.(envelope, withOwnAttachments(body), false, peer); // the receiver must not share the sender's memory
      return;
    }
    if (peer.ending !== undefined) return;
    peer.sent = (peer.sent + 1) >>> 0;
    this.#transport.send(dest, envelope, body, lent);
  }
}

const noSubject: Subject = { collective: false, context: 0, tag: 0, id: 0, signature: 0 };
