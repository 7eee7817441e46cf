import { add, type Parent } from "../parts/dom.ts";
import { percent } from "../parts/units.ts";

/** From here on an efficiency is good: the limit of the POP centre. */
const good = 0.8;

/** A cell of an efficiency, coloured by its value. */
export function addValue(line: Parent, value: number): void {
  add(line, "td", "efficiency", percent(value)).style("background", tint(value));
}

/** Blue for what is good, orange for what is not, and the more the farther from the limit. */
export function tint(value: number): string {
  if (!Number.isFinite(value)) return "transparent";
  const [name, strength] =
    value >= good
      ? ["good", 6 + (22 * (Math.min(1, value) - good)) / (1 - good)]
      : ["bad", 14 + (56 * (good - Math.max(0, value))) / good];
  return `color-mix(in srgb, var(--${name}) ${strength.toFixed(0)}%, var(--page))`;
}
