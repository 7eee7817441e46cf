import { ownURL } from "./module-url.ts";
import { recognise } from "./package-copies.ts";

/**
 * Why a call of tsmpi failed. The set is closed, so a program may switch over it.
 *
 * | code | meaning |
 * | --- | --- |
 * | `invalid-argument` | an argument of this call is wrong (rank out of range, wrong number of parts) |
 * | `unserializable` | a value holds something that cannot travel; the message names its path |
 * | `mismatch` | ranks disagree about a collective: operation, root, counts or types |
 * | `rank-failed` | a rank that this call depends on is gone |
 * | `deadlock` | every rank waits and no message is pending |
 * | `aborted` | the call's own AbortSignal, or `abort()` of some rank, ended it |
 * | `closed` | the communicator was closed before the call |
 * | `revoked` | the communicator was given up, because a rank is gone; see `shrink()` |
 * | `undelivered` | a message could not reach its rank: there is no connection, or it broke |
 * | `io` | a file could not be read or written; `cause` is the error of the operating system |
 * | `protocol` | a peer sent something that is not tsmpi's protocol |
 * | `launch` | the world could not be set up |
 */
export type MpiErrorCode =
  | "invalid-argument"
  | "unserializable"
  | "mismatch"
  | "rank-failed"
  | "deadlock"
  | "aborted"
  | "closed"
  | "revoked"
  | "undelivered"
  | "io"
  | "protocol"
  | "launch";

/** The properties of an {@link MpiError} besides its message. */
export interface MpiErrorDetails {
  /** The rank in the world that the error is about. */
  rank?: number | undefined;
  /** The host of that rank. */
  host?: string | undefined;
  /** The error behind this one. */
  cause?: unknown;
}

/**
 * The one error class of tsmpi. Its message names the rank, the call, its line and the reason:
 * `[rank 3/8 on n042] recv({ source: 1, tag: 7 }) at solver.ts:88: rank 1 is gone (killed by SIGKILL, pid 4711)`.
 *
 * ```ts
 * try { await world.recv({ source: 1 }) } catch (error) {
 *   if (error instanceof MpiError && error.code === "rank-failed") console.error(`lost rank ${error.rank}`);
 * }
 * ```
 */
export class MpiError extends Error {
  static {
    recognise(MpiError, "MpiError");
  }

  /** The name of the class. */
  override readonly name = "MpiError";
  /** What kind of failure it is. */
  readonly code: MpiErrorCode;
  /**
   * The rank (in the world) that the error is about: the lost rank for `rank-failed`, otherwise the rank that raised
   * it.
   */
  readonly rank: number | undefined;
  /** The host of that rank. */
  readonly host: string | undefined;

  /**
   * Makes an error, for libraries that report their own failures like tsmpi's.
   * @param code what kind of failure it is
   * @param message a sentence
   * @param details rank, host, cause
   */
  constructor(code: MpiErrorCode, message: string, details: MpiErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.rank = details.rank;
    this.host = details.host;
    // Lazy: formatting a stack takes 20 us, and a millisecond with source maps.
    const trace: { stack?: string } = {};
    Error.captureStackTrace(trace, new.target);
    Object.defineProperty(this, "stack", {
      get: () => withUsersLines(this, stackText(trace)),
      set: (stack: string) => Object.defineProperty(this, "stack", { value: stack, writable: true }),
      configurable: true,
    });
  }
}

/** The package's folder. Bundled or not, this file is below its dist or src. In a user's bundle it is that bundle. */
const ownFiles = new URL(ownURL).pathname.replace(/^(.*\/)(dist|src)\/.*$/, "$1");

/** An error, or an object that `Error.captureStackTrace` has filled. */
interface Traced {
  stack?: unknown;
}

/**
 * A stack as text. A program may set `Error.prepareStackTrace`. If its function returns call sites (`callsites`,
 * `depd`), it is removed meanwhile. If it returns text (`source-map-support`), it is used, because it knows more than
 * V8.
 */
export function stackText(traced: Traced): string {
  const prepare = hooks.prepareStackTrace;
  if (prepare === undefined || makesText(prepare)) return textOf(traced);
  hooks.prepareStackTrace = undefined;
  try {
    return textOf(traced);
  } finally {
    hooks.prepareStackTrace = prepare;
  }
}

function textOf({ stack }: Traced): string {
  return typeof stack === "string" ? stack : "";
}

type Prepare = NonNullable<typeof Error.prepareStackTrace>;
const hooks: { prepareStackTrace?: Prepare | undefined } = Error;
const judged: WeakMap<Prepare, boolean> = new WeakMap();

function makesText(prepare: Prepare): boolean {
  let text = judged.get(prepare);
  if (text === undefined) {
    judged.set(prepare, false); // trying it out may lead here again
    text = tryOn();
    judged.set(prepare, text);
  }
  return text;
}

function tryOn(): boolean {
  try {
    return typeof new Error("what stacks look like here").stack === "string";
  } catch {
    return false;
  }
}

/** Whether a line of a stack belongs neither to tsmpi nor to Node. */
export function isUsers(line: string): boolean {
  return /^ +at /.test(line) && !line.includes(ownFiles) && !/\bnode:/.test(line);
}

/** The stack without the lines of tsmpi and Node, which do not help the caller. */
function withUsersLines({ name, message }: Error, stack: string): string {
  return [`${name}: ${message}`, ...stack.split("\n").filter(isUsers)].join("\n");
}

/** The message of a thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
