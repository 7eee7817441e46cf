import { endAt, type RankEvents } from "./event-lists.ts";

/** How many calls back one with the same number is looked for. */
const mostSteps = 64;

/** The calls of `sendrecv` of a rank at one line, in one communicator, ordered by their beginning. */
type Calls = readonly number[];

/**
 * Finds the call of `sendrecv` that sent what another one received. The sending half is not recorded, so this is a guess: as
 * a rule ranks call `sendrecv` at the same line equally often, so call n there belongs to call n. Otherwise it is the last
 * call before the end of the receive, first of all one whose own message has the same number. If the source was further ahead
 * than that, the message was there at once, the receive is short, and the mistake is at most its duration.
 */
export class SendrecvGuesses {
  readonly #ranks: readonly RankEvents[];
  /** By rank, by line and communicator. */
  readonly #calls = new Map<number, Map<string, number[]>>();

  constructor(ranks: readonly RankEvents[]) {
    this.#ranks = ranks;
  }

  /** The event on `source` for event `i` of `receiver`, or -1. */
  find(source: number, receiver: RankEvents, i: number): number {
    const sender = this.#ranks[source];
    if (sender === undefined) return -1;
    const place = placeOf(receiver, i);
    const theirs = this.#callsOf(sender).get(place);
    const own = this.#callsOf(receiver).get(place);
    if (theirs === undefined) return this.#anywhere(sender, receiver, i);
    return own === undefined ? last(theirs, sender, receiver, i) : counterpart(own, theirs, sender, receiver, i);
  }

  #anywhere(sender: RankEvents, receiver: RankEvents, i: number): number {
    const candidates = [...this.#callsOf(sender).values()].map((calls) => last(calls, sender, receiver, i));
    const { began, context } = sender.recording.events;
    const wanted = receiver.recording.events.context[i];
    return candidates.reduce(
      (best, each) =>
        each >= 0 && context[each] === wanted && (best < 0 || began[each]! > began[best]!) ? each : best,
      -1,
    );
  }

  #callsOf(own: RankEvents): ReadonlyMap<string, Calls> {
    const known = this.#calls.get(own.rank);
    if (known !== undefined) return known;
    const { sums, events } = own.recording;
    const calls = new Map<string, number[]>();
    for (let i = 0; i < own.length; i++) {
      if (sums[events.sums[i]!]?.operation !== "sendrecv") continue;
      const place = placeOf(own, i);
      const list = calls.get(place);
      if (list === undefined) calls.set(place, [i]);
      else list.push(i);
    }
    this.#calls.set(own.rank, calls);
    return calls;
  }
}

function placeOf({ recording: { events, sums, sites } }: RankEvents, i: number): string {
  return `${events.context[i]} ${sites[sums[events.sums[i]!]!.site]}`;
}

/** Call n for call n where both sides have all of their calls, and equally many. */
function counterpart(own: Calls, theirs: Calls, sender: RankEvents, receiver: RankEvents, i: number): number {
  const complete = sender.recording.keeps === 1 && receiver.recording.keeps === 1;
  if (!complete || own.length !== theirs.length) return last(theirs, sender, receiver, i);
  const call = theirs[indexOf(own, i)]!;
  return sender.recording.events.began[call]! <= endAt(receiver, i) ? call : last(theirs, sender, receiver, i);
}

function last(calls: Calls, sender: RankEvents, receiver: RankEvents, i: number): number {
  const { began, key } = sender.recording.events;
  const next = firstFrom(calls, began, endAt(receiver, i));
  for (let at = next - 1; at >= Math.max(0, next - mostSteps); at--) {
    if (key[calls[at]!] === receiver.recording.events.key[i]) return calls[at]!;
  }
  return calls[next - 1] ?? -1;
}

/** Calls are ordered by event. */
function indexOf(calls: Calls, event: number): number {
  let low = 0;
  let high = calls.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (calls[middle]! < event) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first place in `list`, ordered by beginning, whose event began at `time` or later. */
function firstFrom(list: readonly number[], began: Float64Array, time: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (began[list[middle]!]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
