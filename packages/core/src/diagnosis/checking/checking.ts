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
  /** What each open communicator, window and the like is, and the source line that made it; by context number. */
  readonly #open: Map<number, { readonly what: string; readonly site: string | undefined }> = new Map();
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

  opened(context: number, what: string): void {
    if (context !== 0) this.#open.set(context, { what, site: this.#calls.getStore() });
  }

  closed(context: number): void {
    this.#open.delete(context);
  }

  /** Reports what is still open when this rank leaves. */
  leftOver(): void {
    const found = [...this.#open.values()].map(({ what, site }) => {
      const [where, here] = site === undefined ? ["", ""] : [`${site}: `, " here"];
      return `${where}a ${what} was made${here} and never closed; write: await using`;
    });
    for (const text of new Set(found)) this.report(text);
  }
}
