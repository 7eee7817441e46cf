/**
 * Shows a warning: the call goes on, but the program should know of it.
 *
 * Under `tsmpi run` the launcher shows each text once for the whole job. Otherwise it goes to stderr, once for this
 * process. So the text names a line of the program, and no rank.
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
/** A program with a new warning each time must not fill its memory. */
const most = 1000;
