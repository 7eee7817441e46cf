import { locate } from "../calls/call-site.ts";
import { decode, encode, type Parcel } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import { ownCopy, type Packet } from "../wire/packet.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Liveness } from "./liveness.ts";
import type { Outbound } from "./outbound.ts";
import type { PeerTable } from "./peer-table.ts";
import { divertOf } from "./pending-call.ts";
import type { PostedReceive } from "./posted-receive.ts";

/**
 * Notices between ranks about their collectives, besides messages. A rank tells the others that a collective has
 * failed. A rank that waits for long asks the others which collective they are in: two roots that wait for each other
 * would not find out otherwise.
 */
export class CollectiveNotices {
  readonly #rank: number;
  readonly #peers: PeerTable;
  readonly #liveness: Liveness;
  readonly #outbound: Outbound;
  readonly #channels: Channels;

  constructor(rank: number, peers: PeerTable, liveness: Liveness, outbound: Outbound, channels: Channels) {
    this.#rank = rank;
    this.#peers = peers;
    this.#liveness = liveness;
    this.#outbound = outbound;
    this.#channels = channels;
  }

  /**
   * For each collective that waits, asks the rank that it waits for whether it is in the same collective. Asks at the
   * second call (`atOnce`: at the first), once for each wait. Returns whether anything was asked.
   */
  ask(atOnce: boolean): boolean {
    let asked = false;
    for (const channel of this.#channels) {
      if (!channel.collective) continue;
      for (const posted of channel.matching.posted) if (this.#askAbout(channel, posted, atOnce)) asked = true;
    }
    return asked;
  }

  #askAbout(channel: Channel, posted: PostedReceive, atOnce: boolean): boolean {
    const signature = channel.signatureOf?.(posted.tag);
    const due = atOnce ? posted.asked !== "yes" : posted.asked === "next time";
    posted.asked = due || posted.asked === "yes" ? "yes" : "next time";
    if (!due || signature === undefined || posted.source === this.#rank) return false;
    const { source, tag, call } = posted;
    void locate(call, divertOf(posted)).then((site) => this.put(channel, source, tag, signature, site));
    return true;
  }

  /** Asks rank `dest` whether it is in the same collective. `site` is where this rank is in it. */
  put(channel: Channel, dest: number, number: number, signature: number, site: string | undefined): void {
    if (this.#liveness.over || this.#peers.get(dest).ending !== undefined) return;
    this.#outbound.tell(channel, dest, kind.question, number, signature, encode(site));
  }

  /** Tells rank `dest` that collective `number` of this channel has failed. */
  notify(channel: Channel, dest: number, number: number, error: Parcel): void {
    if (dest !== this.#rank) this.#outbound.tell(channel, dest, kind.failure, number, 0, error);
  }

  asked(envelope: Envelope, body: Packet): void {
    const channel = this.#channels.of(envelope);
    if (channel === undefined) return;
    const question = { ...envelope, site: textIn(body) };
    channel.questions.set(envelope.tag, question);
    channel.onQuestion?.(question);
  }

  notified(envelope: Envelope, body: Packet, borrowed: boolean): void {
    const channel = this.#channels.of(envelope);
    if (channel === undefined) return;
    const notice = borrowed ? ownCopy(body) : body;
    channel.failures.set(envelope.tag, notice);
    channel.onFailure?.(envelope.tag, notice);
  }
}

/** The body of a question. An unreadable body is no error of its own: the question is already part of one. */
function textIn(body: Packet): string | undefined {
  try {
    const text = decode(body);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
