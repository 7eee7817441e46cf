import type { Call } from "../calls/call.ts";
import type { Transport, Watch } from "../wire/transport.ts";
import type { WordList } from "../wire/word-list.ts";
import type { Channel } from "./channel.ts";
import type { Liveness } from "./liveness.ts";
import { any } from "./match-queue.ts";
import { divertOf, type PendingCall } from "./pending-call.ts";
import { PostedReceive } from "./posted-receive.ts";
import type { Refusal, WaitCounter } from "./wait-counter.ts";

/** A call that waits for posts on a board. */
export interface BoardWatch extends Watch {
  /** The rank of the world that it waits for now. */
  readonly missing: number;
}

/** A collective that waits. The tag of `posted` is the number of the collective. */
interface BoardWait {
  readonly watch: BoardWatch;
  readonly channel: Channel;
  readonly posted: PostedReceive;
}

/** The collectives of one rank that wait for posts of other ranks on boards. */
export class BoardWaits {
  readonly #transport: Transport;
  readonly #liveness: Liveness;
  readonly #waits: WaitCounter;
  readonly #watched: BoardWait[] = [];

  constructor(transport: Transport, liveness: Liveness, waits: WaitCounter) {
    this.#transport = transport;
    this.#liveness = liveness;
    this.#waits = waits;
  }

  /** Resolves when `watch` has all that it needs. `number` is the number of its collective. */
  watch(channel: Channel, number: number, call: Call, watch: BoardWatch): Promise<void> {
    const posted = new PostedReceive(any, number, false, call, nothing);
    this.#waits.begin();
    this.#watched.push({ watch, channel, posted });
    if (this.#liveness.anyEnded) this.refuse((call, rank) => this.#liveness.waitError(call, rank));
    return posted.promise as Promise<void>;
  }

  /** Polls some microseconds, so that the call may not have to wait. */
  linger(watch: Watch): boolean {
    if (this.#waits.count > 0 || !(this.#transport.linger?.(watch) ?? false)) return false;
    this.#waits.steps++;
    return true;
  }

  /** The promise of a collective that ends at once. */
  atOnce(result: unknown): Promise<unknown> {
    return this.#waits.atOnce(result);
  }

  /** Whether nothing waits: a collective may then poll, and delivers no packets meanwhile. */
  get idle(): boolean {
    return this.#waits.count === 0;
  }

  /** See {@link Receiver.pollBoards}. */
  poll(sleeps: boolean): boolean {
    const watched = this.#watched;
    let any = false;
    for (let i = 0; i < watched.length; i++) {
      const { watch, posted } = watched[i] as BoardWait;
      let error: Error | undefined;
      try {
        if (!watch.advance(sleeps)) {
          // It may have come to wait for another rank, which has ended.
          error = this.#liveness.waitError(posted.call, watch.missing);
          if (error === undefined) continue;
        }
      } catch (thrown) {
        error = this.#liveness.explained(posted.call, thrown);
      }
      watched.splice(i--, 1);
      any = true;
      if (error === undefined) {
        this.#waits.endOf(posted);
        posted.resolve(undefined);
      } else this.#waits.refuse(posted, error);
    }
    return any;
  }

  /** See {@link Receiver.watchBoards}. */
  watchAll(list: WordList): void {
    for (const { watch } of this.#watched) watch.watch?.(list);
  }

  refuse(why: Refusal): void {
    for (const one of [...this.#watched]) {
      const error = why(one.posted.call, one.watch.missing);
      if (error === undefined) continue;
      this.#watched.splice(this.#watched.indexOf(one), 1);
      this.#waits.refuse(one.posted, error);
    }
  }

  *pending(): Generator<PendingCall, void> {
    for (const { watch, channel, posted } of this.#watched) {
      const { call, tag: number } = posted;
      const collective = { context: channel.context, number };
      yield { call, rank: watch.missing, divert: divertOf(posted), collective };
    }
  }
}

function nothing(): void {}
