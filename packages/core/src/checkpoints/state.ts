import { invalid, show } from "../calls/check.ts";
import { DistributedArray } from "./distributed.ts";

/** A state in two: what travels as messages do, and the distributed arrays, by their names: `u`, `fields.u`. */
export interface Apart {
  readonly rest: unknown;
  readonly arrays: ReadonlyMap<string, DistributedArray>;
}

type Fields = Record<string, unknown>;

/**
 * Takes the distributed arrays out of a state. The state stays as it is: objects that hold one are copied, and have null in its place.
 */
export function takeApart(state: unknown): Apart {
  const arrays = new Map<string, DistributedArray>();
  if (state instanceof DistributedArray)
    throw invalid("the state is a distributed array; give an object with a name for it: { u }");
  const onPath = new Set<unknown>();
  const without = (value: unknown, path: string): unknown => {
    if (value instanceof DistributedArray) {
      if (arrays.has(path))
        throw invalid(`two distributed arrays have the name ${path}: one property has a dot in its name`);
      arrays.set(path, value);
      return null;
    }
    if (!isPlainObject(value) || onPath.has(value)) return value;
    onPath.add(value);
    const others = Object.entries(value)
      .map(([name, each]) => [name, without(each, path === "" ? name : `${path}.${name}`)] as const)
      .filter(([name, each]) => each !== value[name]);
    onPath.delete(value);
    return others.length === 0 ? value : { ...value, ...Object.fromEntries(others) };
  };
  return { rest: without(state, ""), arrays };
}

/** The reverse: puts arrays under their names. */
export function putTogether(rest: unknown, arrays: Iterable<readonly [string, unknown]>): unknown {
  for (const [path, array] of arrays) {
    let at = rest as Fields;
    let name = path;
    // A name may contain a dot itself: the object says which it is.
    for (let dot = name.indexOf("."); dot >= 0 && !Object.hasOwn(at, name); dot = name.indexOf(".")) {
      const parent = name.slice(0, dot);
      at[parent] ??= {}; // a rank that has saved nothing there
      at = at[parent] as Fields;
      name = name.slice(dot + 1);
    }
    at[name] = array;
  }
  return rest;
}

/** The arrays of `into`, which holds nothing else. */
export function arraysOf(into: unknown): ReadonlyMap<string, DistributedArray> {
  const { rest, arrays } = takeApart(into);
  if (!isPlainObject(rest))
    throw invalid(`\`into\` is ${show(into)}, but it is an object such as { u: distributed(u, { shape }) }`);
  const check = (value: unknown, path: string): void => {
    if (value === null) return;
    if (!isPlainObject(value))
      throw invalid(`into.${path} is ${show(value)}, but it is distributed(array, { shape, start, size })`);
    for (const [name, each] of Object.entries(value)) check(each, path === "" ? name : `${path}.${name}`);
  };
  check(rest, "");
  return arrays;
}

function isPlainObject(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
