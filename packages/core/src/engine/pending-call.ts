import type { Call } from "../calls/call.ts";
import type { Divert } from "../calls/call-site.ts";
import type { Posted } from "./matching.ts";

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
