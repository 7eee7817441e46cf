import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./errors.ts";

/** A rank as error messages name it. */
export interface Identity {
  readonly rank: number;
  readonly size: number;
  readonly host: string;
}

/** A call of the user, kept for error messages and for the deadlock report. */
export interface Call {
  readonly operation: string;
  /** The options of the call. Messages quote only those of `quoted`. */
  readonly options?: object | undefined;
  /** The operation of a reduction, as its `numberOf` (op.ts). */
  readonly reducer?: number | undefined;
  /** The name that the user gave the communicator. */
  readonly communicator?: string | undefined;
  /** The promise that the user has. */
  result?: Promise<unknown> | undefined;
  /** When the call was first seen to wait, in `performance.now()` time; to a quarter of a second. */
  since?: number | undefined;
  /** `file:line` of the user's program, once it has been looked up. */
  site?: string | undefined;
  /** The stack of some calls that wait; `site` is made from it when it is needed. */
  stack?: { readonly stack?: string } | undefined;
}

/** The signal that may cancel the call. */
export function signalOf(call: Call): AbortSignal | undefined {
  return (call.options as { signal?: AbortSignal } | undefined)?.signal;
}

const quoted = ["source", "dest", "tag", "root", "color", "key", "target"] as const;

/** The call as the user wrote it: `recv({ source: 1, tag: 7 })`, `row.recv()` on a communicator with a name. */
export function describe(call: Call): string {
  const options = (call.options ?? {}) as Record<string, unknown>;
  const words = quoted.filter((name) => options[name] !== undefined).map((name) => `${name}: ${String(options[name])}`);
  const operation = named(call.communicator) ? `${call.communicator}.${call.operation}` : call.operation;
  return words.length === 0 ? `${operation}()` : `${operation}({ ${words.join(", ")} })`;
}

function named(communicator: string | undefined): boolean {
  return communicator !== undefined && communicator !== "" && communicator !== "world";
}

/** An error that names the rank, the call and the reason: `[rank 3/8 on n042] recv({ source: 1 }): rank 1 is gone`. */
export function failure(
  who: Identity,
  call: Call,
  code: MpiErrorCode,
  why: string,
  details: MpiErrorDetails = {},
): MpiError {
  const site = call.site === undefined ? "" : ` at ${call.site}`;
  const message = `[rank ${who.rank}/${who.size} on ${who.host}] ${describe(call)}${site}: ${why}`;
  const { rank = who.rank, host = who.host, ...rest } = details;
  return new MpiError(code, message, { ...rest, rank, host });
}
