/**
 * What a prototype says of the objects that have it.
 *
 * | type | meaning |
 * | --- | --- |
 * | `data` | the enumerable properties are all there is |
 * | `built-in` | descends from a built-in that travels: Map, Error, ... |
 * | `private` | some class in the chain declares `field`, which nobody outside can read |
 * | `native` | state that JavaScript cannot see: Promise, WeakMap, Blob, a handle of Node |
 * | `iterator` | a generator or another iterator |
 */
export type Standing =
  | { readonly type: "data" | "built-in" | "iterator" }
  | { readonly type: "native"; readonly name: string }
  | { readonly type: "private"; readonly name: string; readonly field: string };

const travelling: ReadonlySet<object> = new Set<object>(
  [
    ...[Array, Map, Set, Date, RegExp, Error, Boolean, Number, String, BigInt, Symbol],
    ...[ArrayBuffer, SharedArrayBuffer, DataView, Object.getPrototypeOf(Uint8Array)],
  ].map(({ prototype }: { prototype: object }) => prototype),
);
const iterators: ReadonlySet<object> = new Set<object>([
  Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
  Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype),
]);
/** Names only: reading some globals loads a part of Node, or warns. Taken at start, before a program adds its own. */
const platform: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(globalThis));

const known = new WeakMap<object, Standing>();

/** The standing of objects whose prototype is `prototype`. Reads the class's source once, then remembers. */
export function standingOf(prototype: object): Standing {
  let standing = known.get(prototype);
  if (standing === undefined) {
    standing = examine(prototype);
    known.set(prototype, standing);
  }
  return standing;
}

function examine(prototype: object): Standing {
  let name = "";
  for (let step = prototype; ; ) {
    if (travelling.has(step)) return { type: "built-in" };
    if (iterators.has(step)) return { type: "iterator" };
    const next: object | null = Object.getPrototypeOf(step);
    if (next === null) return { type: "data" }; // Object.prototype, be it this realm's or another's
    const maker: unknown = Object.getOwnPropertyDescriptor(step, "constructor")?.value;
    if (typeof maker === "function") {
      name ||= maker.name;
      const source = Function.prototype.toString.call(maker);
      const field = privateField(source);
      if (field !== undefined) return { type: "private", name, field };
      if (isNative(source) || isOfPlatform(maker)) return { type: "native", name };
    }
    step = next;
  }
}

function isNative(source: string): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(source);
}

function isOfPlatform(maker: { name: string }): boolean {
  return platform.has(maker.name) && (globalThis as Record<string, unknown>)[maker.name] === maker;
}

/** Comments and literals, for `"#fff"` is no field. Regular expressions with quotes may hide one: rare, and no worse than before. */
const prose = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
/** A declaration starts a class element and is not followed by `(`. Private methods and static fields hold no state of an instance. */
const declaration =
  /(?<=[{};\s])(?<!\bstatic\s+)#[\p{ID_Start}$_][\p{ID_Continue}$]*(?=\s*(?:=(?!=)|[;}])|[^\S\n]*\n)/u;

function privateField(source: string): string | undefined {
  if (!source.includes("#")) return undefined;
  return declaration.exec(source.replace(prose, " "))?.[0];
}
