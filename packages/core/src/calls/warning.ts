/**
 * What a program should know although the call goes on: a slip that is no error.
 *
 * Under `tsmpi run` a warning goes to the launcher, which shows each text once for the whole job; elsewhere to stderr,
 * once for this process. So a text names the line of the program, and no rank.
 *
 * ```ts
 * warn(`${site}: instances of Point arrive without their methods; send plain data`);
 * ```
 */
export function warn(text: string): void {
  if (said.has(text)) return;
  if (said.size < most) said.add(text);
  show(text);
}

/** Where warnings go from now on; undefined: to stderr. */
export function showWarnings(how: ((text: string) => void) | undefined): void {
  show = how ?? toStderr;
}

function toStderr(text: string): void {
  process.stderr.write(`tsmpi: warning: ${text}\n`);
}

let show = toStderr;
const said: Set<string> = new Set();
/** A program that warns of something else each time must not fill its memory. */
const most = 1000;
