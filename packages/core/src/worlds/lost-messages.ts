import { type Call, describe } from "../calls/call.ts";
import { siteHere } from "../calls/call-site.ts";

/** A warning lists at most this many sends. */
const mostListed = 3;

/** The warning when `process.exit()` ends a rank whose messages were not delivered. Called within that `process.exit()`. */
export function describeLost(sends: readonly Call[]): string {
  const listed = sends
    .slice(0, mostListed)
    .map((call) => `${describe(call)}${call.site === undefined ? "" : ` at ${call.site}`}`);
  const more = sends.length > mostListed ? ` and ${sends.length - mostListed} more` : "";
  const exit = siteHere();
  const where = exit === undefined ? "" : `${exit}: `;
  return `${where}process.exit() with messages that were never delivered: ${listed.join(", ")}${more}; await them before`;
}
