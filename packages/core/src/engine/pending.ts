import type { Call } from "../call.ts";
import type { Divert } from "../call-site.ts";
import type { Posted } from "../mailbox.ts";

/** A call that waits, and for which rank of the world: undefined for any. */
export interface Pending {
  readonly call: Call;
  readonly rank: number | undefined;
  /** Of a collective: its communicator's number, and its own in there. */
  readonly collective?: { readonly context: number; readonly number: number };
  /** See {@link Posted.divert}. */
  readonly divert?: Divert | undefined;
}

export function divertOf(posted: Posted): Divert {
  return (detour) => posted.divert(detour);
}
