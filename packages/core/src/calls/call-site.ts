import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Call } from "./call.ts";
import { isUsers, stackText } from "./errors.ts";
import type { Stack } from "./stack-sampler.ts";

/** Gets what is left to wait for, and gives what a promise shall wait for instead. */
export type Detour = (rest: Promise<unknown>) => Promise<never>;
/** Resolves the promise that a call waits for with a detour, from whose end on all goes on as before. */
export type Divert = (detour: Detour) => void;

/**
 * Where in the user's program a call waits, as `file:line`; undefined when nobody awaits it there.
 *
 * To take the stack at every call costs 2 us, a tenth of a round trip. This costs nothing until somebody asks: V8 knows
 * from each promise who awaits it, and tells whoever runs on its behalf. So the promise that the call waits for is
 * resolved with another one, which looks around and then waits for what the first one waited for:
 * ```text
 *   user's await ──► send, recv, ... ──► the engine's promise                       it waits for a message
 *   user's await ──► send, recv, ... ──► the engine's promise ──► detour ──► rest   the detour sees all to its left
 * ```
 */
export async function locate(call: Call, divert: Divert | undefined): Promise<string | undefined> {
  call.site ??= call.stack && siteOf(stackText(call.stack));
  if (call.site === undefined && divert !== undefined) {
    await new Promise<void>((found) => {
      divert(async (rest) => {
        // The first turn begins to wait for this promise, from the second on it is known who does.
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

/** The call, with its `site` if that is known. */
export function located(call: Call): Call {
  call.site ??= call.stack && siteOf(stackText(call.stack));
  return call;
}

/** Where the user's program is that waits for the function which calls this, or has called it. */
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
 * The first line of a stack that is the user's, as `file:line`, as seen from this directory; a library's of his only where
 * there is no other.
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
