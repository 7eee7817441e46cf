import { isDeepStrictEqual } from "node:util";

/**
 * Whether two results are deeply equal. -0 differs from 0. All NaNs are equal: `isDeepStrictEqual` compares the bytes of arrays,
 * but the bits of a NaN depend on how far V8 has compiled a function.
 */
export function sameResult(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) || isDeepStrictEqual(plain(one, new Map()), plain(other, new Map()));
}

/** The value with plain arrays in place of floating-point arrays. Shared and circular references are kept. */
function plain(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Float64Array || value instanceof Float32Array) return [value.constructor.name, ...value];
  if (value instanceof Map) {
    const map = new Map();
    seen.set(value, map);
    for (const [key, each] of value) map.set(plain(key, seen), plain(each, seen));
    return map;
  }
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
  seen.set(value, copy);
  for (const [key, each] of Object.entries(value)) Reflect.set(copy, key, plain(each, seen));
  return copy;
}
