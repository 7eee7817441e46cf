import type { Call } from "./call.ts";
import type { Envelope } from "./envelope.ts";
import { Link, List } from "./list.ts";
import type { Packet } from "./transport.ts";

/** Stands for "any" in a receive's source or tag. */
export const any = -1;

/** A message that has arrived (or whose announcement has) and that nobody has received yet. */
export class Letter extends Link {
  readonly envelope: Envelope;
  /** The encoded value; undefined while a large message still waits at its sender. */
  body: Packet | undefined;
  /** Position in the order of arrival, so that a letter can be put back where it was. */
  readonly order: number;
  /** A probe has shown it to somebody who may take it until the end of this turn of the event loop. */
  held = false;
  /** Its sender has been told all that it wants to know (it stays told when the letter is put back). */
  settled = false;

  constructor(envelope: Envelope, body: Packet | undefined, order: number) {
    super();
    this.envelope = envelope;
    this.body = body;
    this.order = order;
  }
}

/** A receive (or probe) that waits for a letter. */
export class Posted extends Link {
  readonly source: number;
  readonly tag: number;
  /** A probe looks and leaves the letter where it is. */
  readonly probe: boolean;
  readonly call: Call;
  readonly matched: (letter: Letter) => void;
  readonly reject: (error: Error) => void;

  constructor(
    source: number,
    tag: number,
    probe: boolean,
    call: Call,
    matched: (letter: Letter) => void,
    reject: (error: Error) => void,
  ) {
    super();
    this.source = source;
    this.tag = tag;
    this.probe = probe;
    this.call = call;
    this.matched = matched;
    this.reject = reject;
  }
}

/**
 * The messages of one communicator (its users' or its collectives'): what has arrived meets what is waited for.
 *
 * ```text
 *   arrive ──► a posted receive fits? ──► matched
 *                      │ no
 *                      ▼
 *               arrived, oldest first ◄── post: does one of them fit?
 * ```
 * MPI's order: of the messages that fit a receive the oldest is taken; of the receives that a message fits, the
 * first posted gets it.
 */
export class Mailbox {
  readonly #arrived: List<Letter> = new List();
  readonly #posted: List<Posted> = new List();
  /** How many letters are held for a prober just now. */
  #held = 0;

  arrive(letter: Letter): void {
    const { source, tag } = letter.envelope;
    const posted = this.#posted.find((p) => accepts(p, source, tag));
    // While an older letter that fits is held for a prober, this one must not overtake it.
    if (posted === undefined || (this.#held > 0 && this.#oldest(posted.source, posted.tag)?.held)) {
      this.#arrived.append(letter);
      return;
    }
    posted.unlink();
    if (posted.probe) {
      this.#arrived.append(letter);
      this.#show(letter, posted);
    } else {
      posted.matched(letter);
    }
  }

  post(posted: Posted): void {
    const letter = this.#oldest(posted.source, posted.tag);
    if (letter === undefined || letter.held) {
      this.#posted.append(posted);
    } else if (posted.probe) {
      this.#show(letter, posted);
    } else {
      letter.unlink();
      posted.matched(letter);
    }
  }

  /** The oldest letter that fits, left where it is. */
  peek(source: number, tag: number): Letter | undefined {
    return this.#oldest(source, tag);
  }

  /** Takes just this letter. False when somebody else has taken it already. */
  take(letter: Letter): boolean {
    if (!letter.linked) return false;
    letter.unlink();
    this.#release(letter);
    return true;
  }

  /** Puts a letter that could not be used back in its old place, so that it can be received again. */
  putBack(letter: Letter): void {
    this.#arrived.insertBefore((other) => other.order > letter.order, letter);
    this.#rematch();
  }

  /** Withdraws the receives for which `hopeless` gives an error. */
  rejectWhere(hopeless: (posted: Posted) => Error | undefined): void {
    for (const posted of this.#posted) {
      const error = hopeless(posted);
      if (error === undefined) continue;
      posted.unlink();
      posted.reject(error);
    }
  }

  /** Removes and returns what has arrived and fits `where`. */
  sweep(where: (letter: Letter) => boolean): Letter[] {
    const swept: Letter[] = [];
    for (const letter of this.#arrived) {
      if (!where(letter)) continue;
      letter.unlink();
      swept.push(letter);
    }
    return swept;
  }

  /** What waits to be received, oldest first; and who waits for something. */
  get letters(): Iterable<Letter> {
    return this.#arrived;
  }

  get waiting(): Iterable<Posted> {
    return this.#posted;
  }

  #oldest(source: number, tag: number): Letter | undefined {
    return this.#arrived.find(
      ({ envelope }) => (source === any || envelope.source === source) && (tag === any || envelope.tag === tag),
    );
  }

  /**
   * `recv(await probe())` must get the letter that was probed, although others wait for one like it. So a probed letter
   * is held for its prober until the promises of this turn have run; whoever else fits waits that long.
   */
  #show(letter: Letter, probe: Posted): void {
    letter.held = true;
    this.#held += 1;
    setImmediate(() => this.#release(letter));
    probe.matched(letter);
  }

  #release(letter: Letter): void {
    if (!letter.held) return;
    letter.held = false;
    this.#held -= 1;
    this.#rematch();
  }

  /** After a letter came back or was let go: gives each waiting receive, oldest first, what it can have now. */
  #rematch(): void {
    for (const posted of [...this.#posted]) {
      if (!posted.linked) continue;
      const letter = this.#oldest(posted.source, posted.tag);
      if (letter === undefined || letter.held) continue;
      posted.unlink();
      if (posted.probe) {
        this.#show(letter, posted);
      } else {
        letter.unlink();
        posted.matched(letter);
      }
    }
  }
}

function accepts(posted: Posted, source: number, tag: number): boolean {
  return (posted.source === any || posted.source === source) && (posted.tag === any || posted.tag === tag);
}
