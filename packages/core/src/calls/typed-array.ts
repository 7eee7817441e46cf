/** Typed arrays of whole numbers. */
export type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** `Float16Array`, if the TypeScript version in use knows it. */
export type HalfArray = typeof globalThis extends { Float16Array: { prototype: infer A } } ? A : never;

/** Every kind of typed array. Travels raw. */
export type TypedArray = IntegerArray | HalfArray | Float32Array | Float64Array;

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** "Float64Array": the kind of elements, also for a subclass (a Buffer is a Uint8Array). */
export function kindOf(array: TypedArray): string {
  return array[Symbol.toStringTag];
}

/**
 * A new array of the same kind and length, filled with zeros. For a subclass: its plain kind, as it would arrive from
 * another rank.
 */
export function emptyLike<A extends TypedArray>(array: A, length: number = array.length): A {
  if (Buffer.isBuffer(array)) return Buffer.alloc(length) as unknown as A;
  const kinds = globalThis as unknown as Record<string, new (length: number) => A>;
  return new (kinds[kindOf(array)] as new (length: number) => A)(length);
}

/** Kind and size of a value for messages: "number 1", "Float64Array(10)", "array(3)", "a string". */
export function describe(value: unknown): string {
  if (isTypedArray(value)) return `${kindOf(value)}(${value.length})`;
  if (Array.isArray(value)) return `array(${value.length})`;
  if (typeof value === "number" || typeof value === "boolean") return `${typeof value} ${value}`;
  if (typeof value === "bigint") return `bigint ${value}n`;
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
