import { EventLists, kindAt, type RankEvents } from "./event-lists.ts";

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
      if (ranks[peer[i]!] === undefined || kindAt(own, i) !== "send") continue;
      lists.add(listOf(size, own.rank, peer[i]!, context[i]!), i);
    }
  }
  lists.sort((list) => ranks[Math.floor(list / size) % size]!.recording.events.key);
  return lists;
}

function listOf(size: number, source: number, dest: number, context: number): number {
  return (context * size + source) * size + dest;
}
