import { siteHere } from "../calls/call-site.ts";
import { invalid } from "../calls/check.ts";
import { warn } from "../calls/warning.ts";

/**
 * Has a promise that is used as a value say so, with the line: `world.allreduce(1, sum) + 1` without await. JavaScript
 * makes such a promise NaN or "[object Promise]", and a program goes on with that.
 *
 * As a number it is an error: no program means NaN. As text it is a warning, for a library may log what it is given.
 * Any promise counts, also that of the user's own function. Costs nothing: JavaScript looks for the hook only when it
 * converts a promise. Conditions, `.length` and indexing convert nothing: the launcher looks for those in the source.
 */
export function watchPromisesUsedAsValues(): void {
  if (Symbol.toPrimitive in Promise.prototype) return;
  const value = (hint: string): string => {
    const site = siteHere();
    const where = site === undefined ? "" : `${site}: `;
    if (hint !== "string") throw invalid(`${where}a promise is used as a number: is an await missing?`);
    warn(`${where}a promise is used as text: is an await missing?`);
    return "[object Promise]";
  };
  Object.defineProperty(Promise.prototype, Symbol.toPrimitive, { value, configurable: true, writable: true });
}
