import type { Call } from "../calls/call.ts";
import type { Divert } from "../calls/call-site.ts";
import type { PostedReceive } from "./posted-receive.ts";

/** A call that waits, and for which rank of the world: undefined for any. */
export interface PendingCall {
  readonly call: Call;
  readonly rank: number | undefined;
  /** Of a collective: its communicator's number, and its own in there. */
  readonly collective?: { readonly context: number; readonly number: number };
  /** See {@link PostedReceive.divert}. */
  readonly divert?: Divert | undefined;
}

export function divertOf(posted: PostedReceive): Divert {
  return (detour) => posted.divert(detour);
}
