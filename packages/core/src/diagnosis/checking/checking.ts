import { AsyncLocalStorage } from "node:async_hooks";
import { siteHere } from "../../calls/call-site.ts";
import type { Checker } from "../../calls/checker.ts";
import { Buffers } from "./buffers.ts";

/**
 * What a rank of `tsmpi run --check` looks for besides doing its work: slower, and stricter. Without `--check` there is none
 * of it, and calls pay for one look whether there is.
 *
 * | class of mistake | found by |
 * | --- | --- |
 * | ranks give different arguments to a collective | {@link compareArguments}, before it begins |
 * | a buffer changes while it is in flight; memory of two calls overlaps; an `into` is read too early | {@link Buffers} |
 * | a task gives another result on another rank | `tasks/repeat.ts` |
 * | communicators left open | {@link Checking.leftOver} |
 *
 * Classes after MUST (Hilbrich et al., 2010); checksums of buffers in flight after Intel's message checker.
 */
export class Checking implements Checker {
  readonly buffers: Buffers;
  /** Tells a finding. */
  readonly report: (text: string) => void;
  /** Calls of tasks that have had a finding, by their lines: further ones are the same mistake. */
  readonly toldOf: Set<string> = new Set();
  /** Where each communicator that is open was made, by its number. */
  readonly #open: Map<number, string | undefined> = new Map();
  /** The line of the call at work: when a communicator is made, nobody may await that call, and no stack tells it. */
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

  /** Tells what this rank has not closed when it leaves. */
  leftOver(): void {
    const sites = new Set(this.#open.values());
    for (const site of sites) {
      const [where, here] = site === undefined ? ["", ""] : [`${site}: `, " here"];
      this.report(`${where}a communicator was made${here} and never closed; write: await using`);
    }
  }
}
