import { MpiError } from "../calls/errors.ts";
import type { Landing } from "../wire/codec/codec.ts";
import { type Envelope, kind } from "../wire/envelope.ts";
import type { Packet } from "../wire/packet.ts";
import type { Receiver } from "../wire/transport.ts";
import type { WordList } from "../wire/word-list.ts";
import type { Accesses } from "./accesses.ts";
import type { BoardWaits } from "./board-waits.ts";
import type { CollectiveNotices } from "./collective-notices.ts";
import { wasLost } from "./liveness.ts";
import type { Deliver } from "./outbound.ts";
import type { Peer } from "./peer.ts";
import type { PeerEndings } from "./peer-endings.ts";
import type { PeerTable } from "./peer-table.ts";
import type { Receives } from "./receives.ts";
import type { Sends } from "./sends.ts";
import type { WaitCounter } from "./wait-counter.ts";

/** The parts of an engine that packets go to. */
interface Parts {
  readonly peers: PeerTable;
  readonly waits: WaitCounter;
  readonly sends: Sends;
  readonly receives: Receives;
  readonly boardWaits: BoardWaits;
  readonly notices: CollectiveNotices;
  readonly accesses: Accesses;
  readonly endings: PeerEndings;
  /** The transport cannot go on. */
  failed(error: Error): void;
}

/** What a transport delivers to: checks the order of packets and hands each one to the part that handles its kind. */
export class IncomingPackets implements Receiver {
  readonly #parts: Parts;
  readonly #peers: PeerTable;
  readonly #waits: WaitCounter;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#peers = parts.peers;
    this.#waits = parts.waits;
  }

  get waiting(): boolean {
    return this.#waits.count > 0;
  }

  packet(envelope: Envelope, body: Packet, borrowed: boolean): void {
    this.#waits.steps++;
    const { source } = envelope;
    const peer = this.#peers.known(source) ?? this.#newPeer(source);
    if (peer === undefined) return;
    const lost = (envelope.sequence - peer.received) >>> 0;
    if (lost !== 0) {
      const what = `${lost} packets from rank ${source} were lost on the way`;
      this.failed(new MpiError("protocol", what, { rank: source }));
      return;
    }
    peer.received = (peer.received + 1) >>> 0;
    // The calls that waited for a lost rank have already rejected; the program may have gone on without it.
    if (wasLost(peer)) return;
    this.dispatch(envelope, body, borrowed, peer);
    if (peer.graceOver) this.#parts.endings.settle(source);
  }

  landing(envelope: Envelope, head: Uint8Array, bytes: number): Landing | undefined {
    if (envelope.kind === kind.access || envelope.kind === kind.answer) return undefined;
    return this.#parts.receives.landing(envelope, head, bytes);
  }

  pollBoards(sleeps: boolean): boolean {
    return this.#parts.boardWaits.poll(sleeps);
  }

  watchBoards(list: WordList): void {
    this.#parts.boardWaits.watchAll(list);
  }

  failed(error: Error): void {
    this.#parts.failed(error);
  }

  /** The first packet of a rank. */
  #newPeer(source: number): Peer | undefined {
    try {
      return this.#peers.get(source);
    } catch (error) {
      this.failed(error as Error);
      return undefined;
    }
  }

  readonly dispatch: Deliver = (envelope, body, borrowed, peer) => {
    const parts = this.#parts;
    switch (envelope.kind) {
      case kind.message:
        parts.receives.arrive(envelope, body, borrowed);
        break;
      case kind.request:
        parts.receives.arrive(envelope, undefined, false);
        break;
      case kind.grant:
        parts.sends.granted(envelope, peer);
        break;
      case kind.payload:
        parts.receives.arriveLate(envelope, body, borrowed, peer);
        break;
      case kind.received:
        parts.sends.received(envelope, peer);
        break;
      case kind.credit:
        peer.credit += envelope.bytes;
        break;
      case kind.withdraw:
        parts.receives.withdrawn(envelope, peer);
        break;
      case kind.question:
        parts.notices.asked(envelope, body);
        break;
      case kind.access:
        parts.accesses.requested(envelope, body);
        break;
      case kind.answer:
        parts.accesses.answered(envelope, body);
        break;
      case kind.failure:
        parts.notices.notified(envelope, body, borrowed);
        break;
    }
  };
}
