import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Call, describe } from "./call.ts";
import { isUsers, MpiError, stackText } from "./errors.ts";
import type { Stack } from "./stack-sampler.ts";

/** Gets a promise for the rest of the wait, and returns the promise that the call waits for instead. */
export type Detour = (rest: Promise<unknown>) => Promise<never>;
/** Resolves the promise that a call waits for with a detour. When the detour ends, the call goes on as before. */
export type Divert = (detour: Detour) => void;

/**
 * Source position of the `await` that is blocked on this call, as `file:line`; undefined if the promise is not awaited.
 *
 * Taking the stack at every call costs 2 us, a tenth of a round trip. This method costs nothing until it is used: V8
 * knows for each promise which function awaits it, and shows that function on the stack when the promise runs code. So
 * the promise of the call is resolved with a second one, which reads the stack and then waits for what the first one
 * waited for:
 * ```text
 *   user's await ──► send, recv, ... ──► the engine's promise                       it waits for a message
 *   user's await ──► send, recv, ... ──► the engine's promise ──► detour ──► rest   the detour sees all to its left
 * ```
 */
export async function locate(call: Call, divert: Divert | undefined): Promise<string | undefined> {
  if (located(call).site === undefined && divert !== undefined) {
    await new Promise<void>((found) => {
      divert(async (rest) => {
        // V8 subscribes to this promise in the first turn; the awaiting function is known from the second on.
        await null;
        await null;
        call.site = siteHere();
        found();
        return rest as Promise<never>;
      });
    });
  }
  return call.site;
}

/** The call, with its `site` if that can be found without a detour. */
export function located(call: Call): Call {
  call.site ??= call.stack && siteOf(stackText(call.stack));
  return call;
}

/** The call, with the user's line as its `site`. For use while that line is still on the stack. */
export function sitedHere(call: Call): Call {
  call.site ??= siteHere();
  return call;
}

/** The ends of a promise that a call waits for. */
interface Settlers {
  readonly resolve: (rest: Promise<never>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Rejects the promise that a call waits for, with the user's line in the message. A stack is not taken at every call, so
 * without one the promise first takes a detour, as in {@link locate}: the line is then that of the `await`.
 */
export function rejectAtSite(call: Call, error: Error, { resolve, reject }: Settlers): void {
  if (lacksSite(call, error)) resolve(withSite(call, error));
  else reject(error);
}

async function withSite(call: Call, error: MpiError): Promise<never> {
  await null;
  await null; // from the second turn on, the stack shows the `await`
  throw sitedError(call, error);
}

function lacksSite({ site, stack }: Call, error: Error): error is MpiError {
  return site === undefined && stack === undefined && error instanceof MpiError;
}

/** The error of a call with the user's line in its message, if it is not there and the user's `await` is on the stack. */
export function sitedError(call: Call, error: Error): Error {
  if (!lacksSite(call, error)) return error;
  const site = siteHere();
  const before = `${describe(call)}: `;
  if (site === undefined || !error.message.includes(before)) return error;
  call.site = site;
  const { code, message, rank, host } = error;
  const cause = "cause" in error && { cause: error.cause };
  return new MpiError(
    code,
    message.replace(before, () => `${describe(call)} at ${site}: `),
    { rank, host, ...cause },
  );
}

/** The user's line that called this code, or that awaits it. */
export function siteHere(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = mostFrames;
  const stack: Stack = {};
  Error.captureStackTrace(stack);
  Error.stackTraceLimit = limit;
  return siteOf(stackText(stack));
}

/** Algorithms and the layers above them have a dozen frames. */
const mostFrames = 50;

/**
 * The first line of the user in a stack, as `file:line`, relative to the working directory. A line of a library in
 * node_modules only if there is no other.
 */
export function siteOf(stack: string): string | undefined {
  let library: string | undefined;
  for (const line of stack.split("\n")) {
    const [, file, row] = isUsers(line) ? (/((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?$/.exec(line) ?? []) : [];
    if (file === undefined) continue;
    const site = `${nearby(file.startsWith("file:") ? fileURLToPath(file) : file)}:${row}`;
    if (!file.includes("/node_modules/")) return site;
    library ??= site;
  }
  return library;
}

function nearby(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("../..") ? path : near;
}
