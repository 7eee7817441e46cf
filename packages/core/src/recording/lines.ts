import { siteOf } from "../calls/call-site.ts";
import { isUsers, stackText } from "../calls/errors.ts";
import { mostSites } from "./sums.ts";
import type { TextLog } from "./text-log.ts";

type Above = (...args: never[]) => unknown;

/** The program's line, and some for its own wrappers and for tsmpi's. */
const framesAbove = 4;

/**
 * The lines of the program that make calls, by numbers. Text of a stack takes 20 us, and a millisecond with source maps, so it is
 * made once for each place in the code; V8 knows the place of a frame without making text of it, within 3 us.
 */
export class Lines {
  readonly #text: TextLog;
  /** By the place of the frame that calls. */
  readonly #ofPlace: Map<string, number> = new Map();
  readonly #ofLine: Map<string, number> = new Map();

  constructor(text: TextLog) {
    this.#text = text;
  }

  /** The number of the line that called the function `above`, which is on the stack; 0: not known. */
  here(above: Above): number {
    const place = placeOf(above);
    const known = this.#ofPlace.get(place);
    if (known !== undefined) return known;
    const stack: { stack?: string } = {};
    capture(stack, above);
    const line = siteOf(stackText(stack));
    const number = line === undefined ? 0 : this.#numberOf(line);
    this.#ofPlace.set(place, number);
    return number;
  }

  #numberOf(line: string): number {
    const known = this.#ofLine.get(line);
    if (known !== undefined) return known;
    const number = this.#ofLine.size + 1;
    if (number >= mostSites || !this.#text.write({ site: line })) return 0;
    this.#ofLine.set(line, number);
    return number;
  }
}

function capture(into: object, above: Above): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = framesAbove;
  Error.captureStackTrace(into, above);
  Error.stackTraceLimit = stackTraceLimit;
}

/** File and offset of the first frame that is the program's. */
function placeOf(above: Above): string {
  const frames: { stack?: NodeJS.CallSite[] } = {};
  const hooks: { prepareStackTrace?: unknown } = Error;
  const { prepareStackTrace } = hooks;
  hooks.prepareStackTrace = keepFrames;
  capture(frames, above);
  const all = frames.stack ?? [];
  hooks.prepareStackTrace = prepareStackTrace;
  let place = "";
  for (const frame of all) {
    place = `${frame.getFileName()}:${frame.getLineNumber()}:${frame.getColumnNumber()}`;
    if (isUsers(`    at ${place}`)) break;
  }
  return place;
}

function keepFrames(_: Error, frames: NodeJS.CallSite[]): NodeJS.CallSite[] {
  return frames;
}
