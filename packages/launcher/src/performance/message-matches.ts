import { EventLists, endAt, kindAt, type RankEvents } from "./event-lists.ts";

/** Which send belongs to which receive. */
export interface MessageMatches {
  /** By rank, by event: of a receive, the event of its send on the source; -1: not in the recording, or no receive. */
  sendOf: Int32Array[];
  /** By rank, by event: of a send, the event of its receive on the destination; -1: not in the recording, or no send. */
  receiveOf: Int32Array[];
}

/** Matches receives and sends by source, destination, communicator and number. */
export function matchMessages(ranks: readonly RankEvents[]): MessageMatches {
  const sends = listSends(ranks);
  const none = () => ranks.map(({ length }) => new Int32Array(length).fill(-1));
  const matches: MessageMatches = { sendOf: none(), receiveOf: none() };
  for (const own of ranks) {
    const { events } = own.recording;
    for (let i = 0; i < own.length; i++) {
      const source = events.peer[i]!;
      const sender = ranks[source];
      if (sender === undefined || kindAt(own, i) !== "receive" || Number.isNaN(events.ms[i]!)) continue;
      const list = listOf(ranks.length, source, own.rank, events.context[i]!);
      const send = sends.find(list, sender.recording.events.key, events.key[i]!);
      if (send < 0) continue;
      matches.sendOf[own.rank]![i] = send;
      // A probe finds the message before its receive does: the first of both is what the send waited for.
      if (matches.receiveOf[source]![send]! < 0) matches.receiveOf[source]![send] = i;
    }
  }
  return matches;
}

function listSends(ranks: readonly RankEvents[]): EventLists {
  const lists = new EventLists();
  const size = ranks.length;
  for (const own of ranks) {
    const { peer, context } = own.recording.events;
    for (let i = 0; i < own.length; i++) {
      if (peer[i]! >= 0 && kindAt(own, i) === "send") lists.add(listOf(size, own.rank, peer[i]!, context[i]!), i);
    }
  }
  lists.sort((list) => ranks[Math.floor(list / size) % size]!.recording.events.key);
  return lists;
}

function listOf(size: number, source: number, dest: number, context: number): number {
  return (context * size + source) * size + dest;
}

/**
 * The sending half of a `sendrecv` is not recorded, so the call that sent what a receive got is not known by its key. It is
 * taken to be the last `sendrecv` of the source that began before the receive ended, in the same communicator. If the source
 * was ahead by more, the message was there at once, the receive is short, and the mistake is at most its duration.
 */
export class SendrecvGuesses {
  readonly #ranks: readonly RankEvents[];
  readonly #lists: (readonly number[] | undefined)[] = [];

  constructor(ranks: readonly RankEvents[]) {
    this.#ranks = ranks;
  }

  /** The event on `source`, or -1. */
  find(source: number, receiver: RankEvents, i: number): number {
    const sender = this.#ranks[source];
    if (sender === undefined) return -1;
    const list = this.#listOf(sender);
    const { began, context } = sender.recording.events;
    const end = endAt(receiver, i);
    const wanted = receiver.recording.events.context[i];
    for (let at = firstAfter(list, began, end) - 1, steps = 0; at >= 0 && steps < mostSteps; at--, steps++) {
      if (context[list[at]!] === wanted) return list[at]!;
    }
    return -1;
  }

  #listOf(own: RankEvents): readonly number[] {
    const known = this.#lists[own.rank];
    if (known !== undefined) return known;
    const { sums } = own.recording;
    const list: number[] = [];
    for (let i = 0; i < own.length; i++) {
      if (sums[own.recording.events.sums[i]!]?.operation === "sendrecv") list.push(i);
    }
    this.#lists[own.rank] = list;
    return list;
  }
}

/** How far back a call of the same communicator is looked for. */
const mostSteps = 64;

/** The first place in `list`, ordered by beginning, whose event began after `time`. */
function firstAfter(list: readonly number[], began: Float64Array, time: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (began[list[middle]!]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
