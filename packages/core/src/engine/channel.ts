import type { Parcel } from "../wire/codec/codec.ts";
import type { Envelope } from "../wire/envelope.ts";
import type { Arrival } from "./arrival.ts";
import { Matching } from "./matching.ts";
import type { PostedReceive } from "./posted-receive.ts";

/** Another rank waits in a collective: which one (`signature`), and where in its program. */
export interface Question extends Envelope {
  readonly site: string | undefined;
}

/**
 * One of the two message streams of a communicator: the users' messages, or those of collectives. Created when the
 * first packet for it arrives, which may be before this rank has made the communicator.
 */
export class Channel {
  readonly context: number;
  readonly collective: boolean;
  readonly matching: Matching;
  /** The ranks of the world that may send here; empty until the communicator exists on this rank. */
  members: readonly number[] = [];
  /** Failure notices, by number of the collective, for collectives that this rank has not reached yet. */
  readonly failures: Map<number, Parcel> = new Map();
  /** Whether a message is for a collective that has ended here. The engine then discards it. */
  over: ((envelope: Envelope) => boolean) | undefined;
  /** The signature of a collective in which this rank has waited for long. */
  signatureOf: ((collective: number) => number | undefined) | undefined;
  /** Questions of ranks that wait for this one, for collectives that this rank has not reached yet. */
  readonly questions: Map<number, Question> = new Map();
  onQuestion: ((question: Question) => void) | undefined;
  onFailure: ((collective: number, error: Parcel) => void) | undefined;

  constructor(context: number, collective: boolean, matched: (posted: PostedReceive, arrival: Arrival) => void) {
    this.context = context;
    this.collective = collective;
    this.matching = new Matching(matched, collective);
  }
}
