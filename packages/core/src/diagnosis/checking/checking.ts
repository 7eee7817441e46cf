import { AsyncLocalStorage } from "node:async_hooks";
import { siteHere } from "../../calls/call-site.ts";
import type { Checker } from "../../calls/checker.ts";
import { Buffers } from "./buffers.ts";

/**
 * The checks of `tsmpi run --check`: slower and stricter. Without `--check` this object does not exist, and a call pays for one
 * comparison with undefined.
 *
 * | class of mistake | found by |
 * | --- | --- |
 * | ranks give different arguments to a collective | {@link compareArguments}, before it begins |
 * | a buffer changes while it is in flight; memory of two calls overlaps; an `into` is read too early | {@link Buffers} |
 * | a task gives another result on another rank | `tasks/repeat-check.ts` |
 * | communicators left open | {@link Checking.leftOver} |
 *
 * Classes after MUST (Hilbrich et al., 2010); checksums of buffers in flight after Intel's message checker.
 */
export class Checking implements Checker {
  readonly buffers: Buffers;
  /** Reports a finding. */
  readonly report: (text: string) => void;
  /** Source lines of task calls that have had a finding. A further finding there is the same mistake. */
  readonly toldOf: Set<string> = new Set();
  /** Source line of each open communicator's creation, by its context number. */
  readonly #open: Map<number, string | undefined> = new Map();
  /** Source line of the call at work. Kept, because no stack shows it when the communicator is made and the call is not awaited yet. */
  readonly #calls: AsyncLocalStorage<string | undefined> = new AsyncLocalStorage();

  constructor(report: (text: string) => void) {
    this.report = report;
    this.buffers = new Buffers(report);
  }

  /** Begins a call that may make communicators. */
  from<R>(begin: () => R): R {
    return this.#calls.run(siteHere(), begin);
  }

  opened(context: number): void {
    if (context !== 0) this.#open.set(context, this.#calls.getStore());
  }

  closed(context: number): void {
    this.#open.delete(context);
  }

  /** Reports communicators that are still open when this rank leaves. */
  leftOver(): void {
    const sites = new Set(this.#open.values());
    for (const site of sites) {
      const [where, here] = site === undefined ? ["", ""] : [`${site}: `, " here"];
      this.report(`${where}a communicator was made${here} and never closed; write: await using`);
    }
  }
}
