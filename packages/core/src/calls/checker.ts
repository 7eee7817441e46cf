import type { Call } from "./call.ts";
import type { Elements } from "./regions/block.ts";

/**
 * The seam between calls and `tsmpi run --check`. Calls, collectives and tasks report to it and know nothing of what it
 * looks for. `diagnosis/checking/` implements it; without `--check` there is none.
 */
export interface Checker {
  readonly buffers: {
    /** Runs a call that reads `value` and fills `into`, and watches that memory until the call has settled. */
    watch<T>(call: Call, value: unknown, into: Elements | undefined, begin: () => Promise<T>): Promise<T>;
  };
  /** Shows a finding. */
  readonly report: (text: string) => void;
  /** Source lines of tasks that have had a finding. A further one at the same line is the same mistake. */
  readonly toldOf: Set<string>;
  /** Runs a call that may create communicators. */
  from<R>(begin: () => R): R;
  /** A communicator was made, or something else (`what`) whose ranks have collectives of their own. */
  opened(context: number, what: string): void;
  closed(context: number): void;
  /** Shows which communicators this rank has left open. Called when it leaves its world. */
  leftOver(): void;
}
