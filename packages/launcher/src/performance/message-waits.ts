import { endAt, kindAt, type RankEvents } from "./event-lists.ts";
import type { MessageMatches } from "./message-matches.ts";
import { noteWait, type RankWaits, type Until, unknown } from "./rank-waits.ts";
import { SendrecvGuesses } from "./sendrecv-guesses.ts";

/** A send that takes longer than this had to wait for room at its destination, even if its receive came later still. */
const copyMs = 1;
const copyBytesPerMs = 50_000;

/**
 * Waiting in messages. Late sender: a receive waits from its beginning to the beginning of its send. Late receiver: a send
 * that is not over when its receive begins has waited until then.
 */
export function messageWaits(ranks: readonly RankEvents[], matches: MessageMatches, waits: readonly RankWaits[]): void {
  const found = new MessageWaits(ranks, matches);
  for (const own of ranks) {
    for (let i = 0; i < own.length; i++) {
      const kind = kindAt(own, i);
      if (kind === "send") noteWait(waits[own.rank]!, own, i, found.ofSend(own, i));
      else if (kind === "receive") noteWait(waits[own.rank]!, own, i, found.ofReceive(own, i));
    }
  }
}

class MessageWaits {
  readonly #ranks: readonly RankEvents[];
  readonly #matches: MessageMatches;
  readonly #guesses: SendrecvGuesses;

  constructor(ranks: readonly RankEvents[], matches: MessageMatches) {
    this.#ranks = ranks;
    this.#matches = matches;
    this.#guesses = new SendrecvGuesses(ranks);
  }

  ofSend(own: RankEvents, i: number): Until | undefined {
    const { peer, ms, bytes } = own.recording.events;
    const rank = peer[i]!;
    const end = endAt(own, i);
    if (Number.isNaN(ms[i]!)) return { time: end, rank };
    const receive = this.#matches.receiveOf[own.rank]![i]!;
    const time = this.#ranks[rank]?.recording.events.began[receive];
    if (time !== undefined && time <= end) return { time, rank };
    const copy = copyMs + bytes[i]! / copyBytesPerMs;
    return ms[i]! > copy ? { time: end - copy, rank } : undefined;
  }

  ofReceive(own: RankEvents, i: number): Until | undefined {
    const { peer, ms } = own.recording.events;
    const rank = peer[i]!;
    // A receive that never ended got no message: its source is the one that it asked for.
    if (Number.isNaN(ms[i]!)) return { time: endAt(own, i), rank };
    const sender = this.#ranks[rank];
    if (sender === undefined) return undefined;
    const { began } = sender.recording.events;
    const send = this.#matches.sendOf[own.rank]![i]!;
    if (send >= 0) return { time: began[send]!, rank };
    const guess = this.#guesses.find(rank, own, i);
    if (guess >= 0 && overlap(sender, guess, own, i)) return { time: began[guess]!, rank };
    return guess < 0 || sender.recording.keeps > 1 ? unknown : undefined;
  }
}

function overlap(a: RankEvents, i: number, b: RankEvents, j: number): boolean {
  return endAt(a, i) >= b.recording.events.began[j]! && a.recording.events.began[i]! <= endAt(b, j);
}
