import { inspect } from "node:util";
import { siteHere } from "../../calls/call-site.ts";
import { withArticle } from "../../calls/check.ts";
import { warn } from "../../calls/warning.ts";
import { isLost } from "./error-classes.ts";
import { type ClassKind, kindOfObject } from "./prototype-kind.ts";
import { nameOf } from "./unserializable.ts";

/** Warns, once per class, of what an instance loses when it arrives as a plain object. */
export function warnOfInstance(value: object, kind: ClassKind): void {
  const members = kind.members.filter((member) => !Object.hasOwn(value, member));
  const isHidden = (key: string): boolean => !Object.prototype.propertyIsEnumerable.call(value, key);
  tell(kind, nameOf(value, kind), "plain objects", members, Object.getOwnPropertyNames(value).filter(isHidden));
}

/** The same for an instance that arrives as the built-in that its class extends. */
export function warnOfBuiltIn(value: object, kind: ClassKind, isError: boolean): void {
  const members = isError ? kind.members.filter(isLost) : kind.members;
  const as = withArticle(Object.prototype.toString.call(value).slice(8, -1));
  tell(kind, nameOf(value, kind), as, members);
}

function tell(
  kind: ClassKind,
  name: string | undefined,
  as: string,
  members: readonly string[],
  hidden: readonly string[] = [],
): void {
  kind.warned = true;
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

/** The first names of a long list. */
function some(names: readonly string[]): string {
  return names.length <= mostNames ? names.join(", ") : `${names.slice(0, mostNames).join(", ")}, ...`;
}

const mostNames = 5;

/**
 * Adds the user's line, unless the call is not on the stack (a collective that encodes after an await). Without a line,
 * warns only if the same was not said with one.
 */
function say(text: string): void {
  const site = siteHere();
  if (site === undefined && said.has(text)) return;
  if (said.size < mostSaid) said.add(text);
  warn(site === undefined ? text : `${site}: ${text}`);
}

const said: Set<string> = new Set();
const mostSaid = 1000;

/** The first 256 arrays are checked, then every 61st: a check takes 70 ns, as long as packing a short array. */
const [first, oneOf] = [256, 61];
let until = 1;
let left = first;

/** Called for each array. Checks some of them, and warns of what they lose: named properties, methods of a subclass. */
export function sampleArray(array: object): void {
  if (--until > 0) return;
  until = left > 0 ? 1 : oneOf;
  left--;
  look(array);
}

function warnOfElements(kind: ClassKind): void {
  kind.warned = true;
  const { name, members } = kind;
  say(
    `instances of ${name || "an unnamed class"} arrive as plain arrays, without their methods and getters (${some(members)}): make instances of them on arrival`,
  );
}

function look(array: object): void {
  const kind = kindOfObject(array);
  if (kind.type === "built-in" && !kind.warned) warnOfElements(kind);
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

/** `inspect` ends with "... 1000 more items ]" for an array without named properties. Takes 1 us for any length. */
const shallow = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY };
const few = 64;

export function isIndex(key: string, length: number): boolean {
  const index = Number(key);
  return String(index >>> 0) === key && index < length;
}
