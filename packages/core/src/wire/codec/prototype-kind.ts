import { shared } from "../../calls/package-copies.ts";
import { typedArrayClasses } from "./typed-arrays.ts";

/**
 * How objects with a certain prototype travel.
 *
 * | type | meaning |
 * | --- | --- |
 * | `data` | has only enumerable properties |
 * | `class` | the same, and `members` (methods, getters) that do not travel |
 * | `built-in` | descends from a built-in that travels: Map, Error, ...; `members` of the classes between do not travel |
 * | `registered` | `registerClass` says what travels |
 * | `subclass` | extends a registered class, and is not registered itself |
 * | `private` | some class in the chain declares `field`, which only its own methods can read |
 * | `native` | state that JavaScript cannot see: Promise, WeakMap, Blob, a handle of Node |
 * | `iterator` | a generator or another iterator |
 */
export type PrototypeKind =
  | { readonly type: "data" | "iterator" }
  | ClassKind
  | { readonly type: "registered"; readonly registration: Registration }
  | { readonly type: "subclass"; readonly name: string; readonly base: string }
  | { readonly type: "native"; readonly name: string }
  | { readonly type: "private"; readonly name: string; readonly field: string };

/** How instances of a class travel, by its name: see `registerClass`. */
export interface Registration {
  readonly name: string;
  readonly write: (instance: never) => unknown;
  readonly read: (written: never) => unknown;
}

export interface ClassKind {
  readonly type: "class" | "built-in";
  readonly name: string;
  /** The names of the members that instances lose. */
  readonly members: readonly string[];
  /** Whether the program has been warned of the loss, or nothing is lost. */
  warned: boolean;
}

const typedArray: object = Object.getPrototypeOf(Uint8Array);
const travelling: ReadonlySet<object> = new Set<object>(
  [
    ...[Array, Map, Set, Date, RegExp, Error, Boolean, Number, String, BigInt, Symbol],
    ...[ArrayBuffer, SharedArrayBuffer, DataView, Buffer, typedArray as { prototype: object }],
    ...typedArrayClasses,
  ].map(({ prototype }: { prototype: object }) => prototype),
);
const iterators: ReadonlySet<object> = new Set<object>([
  Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
  Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype),
]);
/**
 * Only the names: reading some globals loads a part of Node, or prints a warning. Taken at start, before a program adds
 * its own.
 */
const platform: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis));

/** Shared by all copies of this package: a class may be registered with any of them. */
const classes = shared("prototype-kinds", () => ({
  known: new WeakMap<object, PrototypeKind>(),
  registered: new Map<object, Registration>(),
}));

/** The kind of a prototype. Reads the source of the class once, then remembers. */
export function prototypeKindOf(prototype: object): PrototypeKind {
  let kind = classes.known.get(prototype);
  if (kind === undefined) {
    kind = examine(prototype);
    classes.known.set(prototype, kind);
  }
  return kind;
}

/** The same of an object. */
export function kindOfObject(object: object): PrototypeKind {
  return prototypeKindOf(Object.getPrototypeOf(object) ?? Object.prototype);
}

export function isRegisteredAs(value: unknown, registration: Registration): boolean {
  return (
    typeof value === "object" && value !== null && classes.registered.get(Object.getPrototypeOf(value)) === registration
  );
}

/** Makes instances with this prototype travel as `registration` says. */
export function enter(prototype: object, registration: Registration): void {
  classes.registered.set(prototype, registration);
  classes.known = new WeakMap(); // the kind of its subclasses changes, too
}

function examine(prototype: object): PrototypeKind {
  const own = classes.registered.get(prototype);
  if (own !== undefined) return { type: "registered", registration: own };
  if (prototype === Object.getPrototypeOf(process.env)) return { type: "data" };
  const members = new Set<string>();
  let name = "";
  for (let step = prototype; ; ) {
    if (travelling.has(step)) return classKind("built-in", name, members);
    if (iterators.has(step)) return { type: "iterator" };
    const next: object | null = Object.getPrototypeOf(step);
    // Object.prototype of this or another realm
    if (next === null) return rootKind(name, members);
    const maker = constructorOf(step);
    name ||= maker?.name ?? "";
    const refused = refusedClass(step, maker, name);
    if (refused !== undefined) return refused;
    for (const member of Object.getOwnPropertyNames(step)) members.add(member);
    members.delete("constructor");
    step = next;
  }
}

function rootKind(name: string, members: ReadonlySet<string>): PrototypeKind {
  return members.size === 0 ? { type: "data" } : classKind("class", name, members);
}

function constructorOf(prototype: object): { readonly name: string } | undefined {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" ? maker : undefined;
}

/** The kind of instances that cannot travel because this class is in their chain; undefined when they can. */
function refusedClass(
  prototype: object,
  maker: { readonly name: string } | undefined,
  name: string,
): PrototypeKind | undefined {
  const base = classes.registered.get(prototype);
  if (base !== undefined) return { type: "subclass", name, base: base.name };
  if (maker === undefined) return undefined;
  const source = Function.prototype.toString.call(maker);
  if (isOfPlatform(maker, source)) return { type: "native", name };
  const field = privateField(source);
  return field === undefined ? undefined : { type: "private", name, field };
}

function classKind(type: ClassKind["type"], name: string, members: ReadonlySet<string>): ClassKind {
  return { type, name, members: [...members], warned: members.size === 0 };
}

/** Whether this class belongs to JavaScript or to Node. */
export function isOfPlatform(
  maker: { name: string },
  source: string = Function.prototype.toString.call(maker),
): boolean {
  if (/\{\s*\[native code\]\s*\}$/.test(source)) return true;
  return platform.has(maker.name) && (globalThis as Record<string, unknown>)[maker.name] === maker;
}

/**
 * Matches comments and literals: `"#fff"` is no field. A regular expression with quotes may hide a field, which is
 * rare.
 */
const prose = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
/**
 * A declaration starts a class element and is not followed by `(`. Private methods and static fields are not matched:
 * they are no state of an instance.
 */
const declaration =
  /(?<=[{};\s])(?<!\bstatic\s+)#[\p{ID_Start}$_][\p{ID_Continue}$]*(?=\s*(?:=(?!=)|[;}])|[^\S\n]*\n)/u;

function privateField(source: string): string | undefined {
  if (!source.includes("#")) return undefined;
  return declaration.exec(source.replace(prose, " "))?.[0];
}
