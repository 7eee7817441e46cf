import type { Call } from "../calls/call.ts";
import type { Divert } from "../calls/call-site.ts";
import type { PostedReceive } from "./posted-receive.ts";

/** A call that waits, and the rank of the world that it waits for; undefined for any. */
export interface PendingCall {
  readonly call: Call;
  readonly rank: number | undefined;
  /** For a collective: the numbers of its communicator and of the collective in it. */
  readonly collective?: { readonly context: number; readonly number: number };
  /** See {@link PostedReceive.divert}. */
  readonly divert?: Divert | undefined;
}

export function divertOf(posted: PostedReceive): Divert {
  return (detour) => posted.divert(detour);
}
