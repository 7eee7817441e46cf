import type { Parcel } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Arrival } from "./arrival.ts";
import { Matching } from "./matching.ts";
import type { PostedReceive } from "./posted-receive.ts";

/** A rank waits in a collective: which (`signature`), and where in its program. */
export interface Question extends Envelope {
  readonly site: string | undefined;
}

/**
 * One of the two streams of messages of a communicator: its users', or its collectives'. It exists from the moment when
 * anything for it arrives, which may be before this rank has made the communicator.
 */
export class Channel {
  readonly context: number;
  readonly collective: boolean;
  readonly matching: Matching;
  /** Ranks (in the world) that may send here; empty until the communicator exists on this rank. */
  members: readonly number[] = [];
  /** Failure notices of collectives by their number, kept for those that this rank has not come to yet. */
  readonly failures: Map<number, Parcel> = new Map();
  /** Whether a message comes too late, for a collective that has ended here; the engine discards it. */
  over: ((envelope: Envelope) => boolean) | undefined;
  /** What this rank is in, as a signature, when it has waited in a collective for long. */
  signatureOf: ((collective: number) => number | undefined) | undefined;
  /** Another rank waits for this one: what it is in, kept for collectives that this rank has not come to yet. */
  readonly questions: Map<number, Question> = new Map();
  onQuestion: ((question: Question) => void) | undefined;
  onFailure: ((collective: number, error: Parcel) => void) | undefined;

  constructor(context: number, collective: boolean, matched: (posted: PostedReceive, arrival: Arrival) => void) {
    this.context = context;
    this.collective = collective;
    this.matching = new Matching(matched, collective);
  }
}
