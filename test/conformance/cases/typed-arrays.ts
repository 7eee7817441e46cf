/** The classes of typed arrays whose elements are numbers. */
export const constructors = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;

/** The classes of all typed arrays that every Node has. */
export const allConstructors = [...constructors, BigInt64Array, BigUint64Array] as const;
