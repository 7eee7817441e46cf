import assert from "node:assert/strict";
import fc from "fast-check";
import { test, vi } from "vitest";
import { roundTrip } from "./codec-support.ts";

vi.setConfig({ testTimeout: 60_000 }); // thousands of values, on whatever machine this runs

/**
 * All that a program can see of a value, with each object by a number of its own: equal for two values that have the same
 * form, whatever is shared or circular in them.
 */
function seen(root: unknown): unknown[] {
  const numbers = new Map<object, number>();
  const objects: object[] = [];
  const show = (value: unknown): string => {
    if (typeof value !== "object" || value === null) {
      return `${typeof value} ${Object.is(value, -0) ? "-0" : JSON.stringify(String(value))}`;
    }
    let number = numbers.get(value);
    if (number === undefined) {
      number = objects.push(value);
      numbers.set(value, number);
    }
    return `#${number}`;
  };
  const all: unknown[] = [show(root)];
  for (const object of objects) {
    // Of an error the order is not promised, and that of an array's indices is one anyway.
    const keys = Object.getOwnPropertyNames(object).sort();
    const isBytes = ArrayBuffer.isView(object);
    all.push([
      Object.prototype.toString.call(object),
      ((Object.getPrototypeOf(object) ?? Object.prototype) as object).constructor.name,
      ...(isBytes
        ? [Buffer.from(object.buffer).toString("hex")]
        : keys.map((key) => describeProperty(object, key, show))),
      ...(object instanceof Map ? [...object].map(([key, value]) => [show(key), show(value)]) : []),
      ...(object instanceof Set ? [...object].map(show) : []),
      ...(object instanceof Date ? [object.getTime()] : []),
      ...(object instanceof RegExp ? [String(object)] : []),
      ...(object instanceof Number || object instanceof Boolean || object instanceof BigInt
        ? [show(object.valueOf())]
        : []),
    ]);
  }
  return all;
}

function describeProperty(object: object, key: string, show: (value: unknown) => string): unknown[] {
  const { value, enumerable } = Object.getOwnPropertyDescriptor(object, key) as PropertyDescriptor;
  return [key, enumerable, show(value)];
}

const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "toJSON", "0", "length", ""),
);
const primitive = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    -0,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "\ud800",
    "\ufeff",
  ),
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.string({ unit: "binary", maxLength: 100 }),
);
/** Something without room for other things. */
const closed: fc.Arbitrary<() => object> = fc.oneof(
  fc.date({ noInvalidDate: false }).map((date) => () => date),
  fc.constantFrom(/a/, /(?<n>b)\//giu, /\ud800/y).map((regexp) => () => new RegExp(regexp)),
  fc.constantFrom<unknown>(-0, 1.5, true, "boxed", "\udc00", 3n).map((value) => () => Object(value) as object),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => () => bytes.slice()),
  fc.float64Array({ maxLength: 1500 }).map((array) => () => array.slice()),
  fc.bigInt64Array({ maxLength: 9 }).map((array) => () => array.slice()),
);
/** Something with room for others, and how an entry gets into it. */
const open: fc.Arbitrary<() => object> = fc.constantFrom<() => object>(
  () => ({}),
  () => Object.create(null) as object,
  () => [],
  () => new Array(9),
  () => new Map(),
  () => new Set(),
  () => new Error("e"),
  () => new RangeError("far"),
);

/** Any graph of objects: entries are primitives or other objects of it, itself too. The first object is the value. */
const graph = fc
  .record({
    makers: fc.array(fc.oneof({ weight: 3, arbitrary: open }, closed), { minLength: 1, maxLength: 12 }),
    links: fc.array(
      fc.record({
        from: fc.nat(),
        key,
        to: fc.oneof(
          primitive,
          fc.nat().map((at) => ({ at })),
        ),
      }),
      { maxLength: 40 },
    ),
  })
  .map(({ makers, links }) => {
    const objects = makers.map((make) => make());
    for (const { from, key, to } of links) {
      const holder = objects[from % objects.length] as object;
      const isLink = typeof to === "object" && to !== null;
      put(holder, key, isLink ? objects[(to as { at: number }).at % objects.length] : to);
    }
    return objects;
  });

function put(holder: object, key: string, value: unknown): void {
  if (holder instanceof Map) holder.set(value, key).set(key, value);
  else if (holder instanceof Set) holder.add(value);
  // Names of arrays stay behind: docs/values.md.
  else if (Array.isArray(holder)) holder[key.length * 3] = value;
  // So do, in structuredClone, other properties of errors.
  else if (holder instanceof Error)
    Object.defineProperty(holder, "cause", { value, configurable: true, writable: true });
  else if ([Object.prototype, null].includes(Object.getPrototypeOf(holder) as null)) {
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  }
}

/** V8's clone cannot read errors that are their own cause, in some way: what arrives is compared with the value itself then. */
function cloned(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    assert.match(String(error), /Unable to deserialize cloned data/);
    return value;
  }
}

test("any graph of objects, with what is shared and circular, arrives as structuredClone gives it", () => {
  const check = (objects: object[]): void => {
    const value = objects.length % 2 === 0 ? objects : objects[0];
    assert.deepEqual(seen(roundTrip(value)), seen(cloned(value)));
  };
  fc.assert(fc.property(graph, check), { numRuns: 3000 });
});
