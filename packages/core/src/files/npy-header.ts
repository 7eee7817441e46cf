import { endianness } from "node:os";
import { MpiError } from "../calls/errors.ts";
import { emptyLike, kindOf, type TypedArray } from "../calls/typed-array.ts";

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  /** Extents of the array, as NumPy shows them; complex numbers have a last dimension of 2 more: real and imaginary part. */
  readonly shape: number[];
  /** Name of the class of typed arrays that the elements are read as. */
  readonly kind: string;
  /** NumPy's name of the elements in the file, such as `<f8`. */
  readonly descr: string;
  /** Whether the first dimension runs fastest in the file. */
  readonly fortranOrder: boolean;
  /** The elements are complex numbers. */
  readonly complex: boolean;
  /** Byte at which the elements begin. */
  readonly offset: number;
}

const magic = Buffer.from("\x93NUMPY", "latin1");
/** The longest header that a read of a file's beginning needs before the length is known. */
export const prefixBytes = 12;

/** Classes of arrays by NumPy's kind and size. Booleans are bytes 0 and 1. */
const kinds: Readonly<Record<string, string>> = {
  b1: "Uint8Array",
  u1: "Uint8Array",
  i1: "Int8Array",
  u2: "Uint16Array",
  i2: "Int16Array",
  u4: "Uint32Array",
  i4: "Int32Array",
  u8: "BigUint64Array",
  i8: "BigInt64Array",
  f2: "Float16Array",
  f4: "Float32Array",
  f8: "Float64Array",
  c8: "Float32Array",
  c16: "Float64Array",
};

const typeOf: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(kinds).map(([type, kind]) => [kind, type])),
  Uint8Array: "u1",
  Uint8ClampedArray: "u1",
  Float32Array: "f4",
  Float64Array: "f8",
};

/** Bytes of an element in the file: a complex number is two. */
export function elementBytes(descr: string): number {
  const bytes = Number(descr.slice(2));
  return descr[1] === "c" ? bytes / 2 : bytes;
}

/** Whether the elements in the file have the other byte order than this machine. */
export function isSwapped(descr: string): boolean {
  const order = endianness() === "LE" ? "<" : ">";
  return descr[0] !== "|" && descr[0] !== "=" && descr[0] !== order && elementBytes(descr) > 1;
}

/**
 * The header for an array of this kind: version 1.0, or 2.0 for a very long shape. Its length is a multiple of 64, so that the
 * elements can be mapped into memory.
 */
export function encodeHeader(array: TypedArray, shape: readonly number[], fortranOrder: boolean): Buffer {
  const type = typeOf[kindOf(array)] as string;
  const order = type.endsWith("1") ? "|" : endianness() === "LE" ? "<" : ">";
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order2 = fortranOrder ? "True" : "False";
  const text = `{'descr': '${order}${type}', 'fortran_order': ${order2}, 'shape': (${extents}), }`;
  const version = text.length > 65_000 ? 2 : 1;
  const before = version === 1 ? 10 : 12;
  const length = Math.ceil((before + text.length + 1) / 64) * 64 - before;
  const prefix = Buffer.alloc(before);
  prefix.set(magic);
  prefix[6] = version;
  if (version === 1) prefix.writeUInt16LE(length, 8);
  else prefix.writeUInt32LE(length, 8);
  return Buffer.concat([prefix, Buffer.from(`${text.padEnd(length - 1)}\n`, "latin1")]);
}

/** Bytes of the whole header, told by the first bytes of a file. @throws MpiError `io` where these are no `.npy` file */
export function headerBytes(prefix: Uint8Array): number {
  const bytes = Buffer.from(prefix);
  if (bytes.length < 10 || !bytes.subarray(0, 6).equals(magic)) throw damaged("it does not begin with \\x93NUMPY");
  const version = bytes[6] as number;
  if (version < 1 || version > 3)
    throw damaged(`its version is ${version}.${bytes[7]}, but 1.0, 2.0 and 3.0 are known`);
  if (version > 1 && bytes.length < prefixBytes) throw damaged("it ends within its header");
  const length = version === 1 ? 10 + bytes.readUInt16LE(8) : 12 + bytes.readUInt32LE(8);
  if (length > mostHeaderBytes) throw damaged(`its header claims ${length} bytes`);
  return length;
}

/** NumPy writes longer ones for records of many fields alone. */
const mostHeaderBytes = 1 << 24;

/** @throws MpiError `io` for a damaged header, or elements that are no numbers */
export function decodeHeader(header: Uint8Array): NpyHeader {
  const offset = headerBytes(header);
  if (header.byteLength < offset) throw damaged("it ends within its header");
  const text = Buffer.from(header.subarray(header[6] === 1 ? 10 : 12, offset)).toString(
    header[6] === 3 ? "utf8" : "latin1",
  );
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(.))/.exec(text);
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const extents = /'shape'\s*:\s*\((\s*(?:\d+L?\s*(?:,\s*\d+L?\s*)*,?\s*)?)\)/.exec(text)?.[1];
  if (descr === null || fortran === undefined || extents === undefined) throw damaged(`its header is ${text.trim()}`);
  const type = descr[1];
  const kind = type !== undefined && Object.hasOwn(kinds, type.slice(1)) ? kinds[type.slice(1)] : undefined;
  if (type === undefined || kind === undefined || !"<>|=".includes(type[0] as string)) {
    throw damaged(
      `its elements are ${type ?? "records"}, but only numbers and booleans can be read: in Python save the fields one by one`,
    );
  }
  const complex = type[1] === "c";
  const shape = extents.split(",").flatMap((each) => (each.trim() === "" ? [] : [Number.parseInt(each, 10)]));
  return { shape, kind, descr: type, fortranOrder: fortran === "True", complex, offset };
}

function damaged(why: string): MpiError {
  return new MpiError("io", `this is no .npy file that can be read: ${why}`);
}

/** Reverses the bytes of each element. */
export function swapBytes(bytes: Uint8Array, each: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (each === 2) buffer.swap16();
  else if (each === 4) buffer.swap32();
  else if (each === 8) buffer.swap64();
}

/** Half-precision numbers as 32-bit ones, for Node without Float16Array. */
export function widenHalves(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

/** The elements of a grid with its dimensions in reverse: row by row becomes column by column. `size` is that of `from`. */
export function transposed<A extends TypedArray>(from: A, size: readonly number[]): A {
  const to = emptyLike(from);
  const steps: number[] = [];
  for (let i = 0, step = 1; i < size.length; i++) {
    steps.push(step);
    step *= size[i] as number;
  }
  const at = size.map(() => 0);
  for (let i = 0, target = 0; i < from.length; i++) {
    to[target] = from[i] as number;
    for (let d = size.length - 1; d >= 0; d--) {
      target += steps[d] as number;
      at[d] = (at[d] as number) + 1;
      if ((at[d] as number) < (size[d] as number)) break;
      target -= (at[d] as number) * (steps[d] as number);
      at[d] = 0;
    }
  }
  return to;
}
