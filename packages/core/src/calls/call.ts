import { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./errors.ts";

/** This process's place in the world, as error messages name it. */
export interface Identity {
  readonly rank: number;
  readonly size: number;
  readonly host: string;
}

/** What the user called, kept so that errors and the deadlock report can quote it. */
export interface Call {
  readonly operation: string;
  /** The call's options; only those that say where and what are quoted. */
  readonly options?: object | undefined;
  /** What a reduction combines with, as its `numberOf` (op.ts). */
  readonly reducer?: number | undefined;
  /** The name that the user gave the communicator. */
  readonly communicator?: string | undefined;
  /** What the user was given. */
  result?: Promise<unknown> | undefined;
  /** When it was first seen to wait, as `performance.now()` tells it; to a quarter of a second. */
  since?: number | undefined;
  /** `file:line` of the user's program, once somebody has asked for it. */
  site?: string | undefined;
  /** Where it was called, of some calls that wait: whoever asks makes that their `site`. */
  stack?: { readonly stack?: string } | undefined;
}

/** The signal that may cancel the call. */
export function signalOf(call: Call): AbortSignal | undefined {
  return (call.options as { signal?: AbortSignal } | undefined)?.signal;
}

const quoted = ["source", "dest", "tag", "root", "color", "key"] as const;

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

/** An error that says who, which call, why: `[rank 3/8 on n042] recv({ source: 1 }): rank 1 is gone`. */
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
