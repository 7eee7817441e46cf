import { siteHere } from "../calls/call-site.ts";
import { invalid } from "../calls/check.ts";
import { warn } from "../calls/warning.ts";

/**
 * Reports a promise that is used as a value, with its source line: `world.allreduce(1, sum) + 1` without await. JavaScript would
 * convert such a promise to NaN or "[object Promise]", and the program would continue.
 *
 * As a number it is an error, because no program means NaN. As text it is a warning, because a library may log its arguments.
 * Covers every promise, also of the user's own functions. Costs nothing: JavaScript calls the hook only to convert a promise.
 * Conditions, `.length` and indexing convert nothing; the launcher finds those in the source.
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
