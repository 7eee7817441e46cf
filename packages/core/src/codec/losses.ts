import { inspect } from "node:util";
import { siteHere } from "../call-site.ts";
import { warn } from "../warning.ts";
import { type ClassStanding, standingOfObject } from "./standing.ts";

/**
 * Warns, once for each class, that instances arrive `as` that, without these members and without their `hidden`
 * properties, which are not enumerable.
 */
export function tellOfClass(
  standing: ClassStanding,
  name: string | undefined,
  as: string,
  members: readonly string[],
  hidden: readonly string[] = [],
): void {
  standing.told = true;
  const lost = [
    ...(members.length > 0
      ? [`${name === undefined ? "what they inherit" : "their methods and getters"} (${some(members)})`]
      : []),
    ...(hidden.length > 0 ? [`their properties that are not enumerable (${some(hidden)})`] : []),
  ].join(" and ");
  if (lost === "") return;
  const instances = name === undefined ? "objects made with a prototype" : `instances of ${name}`;
  const orRegister = name === undefined ? "" : `, or registerClass(${name}, ...)`;
  say(`${instances} arrive as ${as}, without ${lost}: send plain data${orRegister}`);
}

/** Names of a long list. */
function some(names: readonly string[]): string {
  return names.length <= mostNames ? names.join(", ") : `${names.slice(0, mostNames).join(", ")}, ...`;
}

const mostNames = 5;

/** A collective that encodes after it has waited has no line. Then the warning goes without, unless one with a line was said. */
function say(text: string): void {
  const site = siteHere();
  if (site === undefined && said.has(text)) return;
  if (said.size < mostSaid) said.add(text);
  warn(site === undefined ? text : `${site}: ${text}`);
}

const said: Set<string> = new Set();
const mostSaid = 1000;

/** Each of the first arrays is looked at, then one of so many: to look takes 70 ns, as long as to pack a short array. */
const [first, oneOf] = [256, 61];
let until = 1;
let left = first;

/** Called for each array that travels without a look at its prototype and its names. Warns of what would be lost. */
export function glance(array: object): void {
  if (--until > 0) return;
  until = left > 0 ? 1 : oneOf;
  left--;
  look(array);
}

function tellElements(standing: ClassStanding): void {
  standing.told = true;
  const { name, members } = standing;
  say(
    `instances of ${name || "an unnamed class"} arrive as plain arrays, without their methods and getters (${some(members)}): send them as they are, and make instances anew`,
  );
}

function look(array: object): void {
  const standing = standingOfObject(array);
  if (standing.type === "built-in" && !standing.told) tellElements(standing);
  if (!Array.isArray(array)) return;
  const names = namesOf(array);
  if (names.length > 0) {
    say(`arrays arrive without their named properties (${some(names)}): send { items, ${names[0]} } instead`);
  }
}

/** The properties of an array that are no elements. */
function namesOf(array: readonly unknown[]): string[] {
  if (array.length > few && / more items? \]$/.test(inspect(array, shallow))) return [];
  const keys = Object.keys(array);
  return keys.filter((key, i) => key !== String(i) && !isIndex(key, array.length));
}

/** What `inspect` shows of an array without names ends with "... 1000 more items ]": 1 us, however long the array is. */
const shallow = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY };
const few = 64;

export function isIndex(key: string, length: number): boolean {
  const index = Number(key);
  return String(index >>> 0) === key && index < length;
}
