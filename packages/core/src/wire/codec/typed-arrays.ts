import { types } from "node:util";
import { malformed } from "./parcel.ts";

/** Values that travel as their bytes, never through msgpackr. */
export type Bytes = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

type TypedArrayConstructor = {
  new (buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView;
  BYTES_PER_ELEMENT: number;
};

/** The position is the kind on the wire: only append. Node has Float16Array from 24 on. */
const typedArrays: readonly [name: string, constructor: TypedArrayConstructor | undefined][] = [
  ["Int8Array", Int8Array],
  ["Uint8Array", Uint8Array],
  ["Uint8ClampedArray", Uint8ClampedArray],
  ["Int16Array", Int16Array],
  ["Uint16Array", Uint16Array],
  ["Int32Array", Int32Array],
  ["Uint32Array", Uint32Array],
  ["Float32Array", Float32Array],
  ["Float64Array", Float64Array],
  ["BigInt64Array", BigInt64Array],
  ["BigUint64Array", BigUint64Array],
  ["Float16Array", (globalThis as { Float16Array?: TypedArrayConstructor }).Float16Array],
];
/**
 * The classes that this Node has. Taken from the list, not from the properties of `globalThis`: reading all of those
 * loads Node's HTTP client, which takes tens of milliseconds on Node 22 and later, and fails under a small `ulimit -v`.
 */
export const typedArrayClasses: readonly TypedArrayConstructor[] = typedArrays.flatMap(([, kind]) => kind ?? []);
const kinds = new Map(typedArrays.map(([name], kind) => [name, kind]));
const uint8Array = 1;
const [buffer, arrayBuffer, dataView] = [16, 17, 18];

/** Whether `into` is of this kind. A Buffer and a Uint8Array fit each other. */
export function fits(into: ArrayBufferView, kind: number): boolean {
  const own = kindOf(into);
  return own === kind || (own === uint8Array && kind === buffer) || (own === buffer && kind === uint8Array);
}

/**
 * `value.constructor` may be wrong and costs a walk of the prototypes. The tag of %TypedArray%.prototype is right, and
 * undefined for a DataView.
 */
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

export function isBytes(value: object): value is Bytes {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** The kind from which {@link fromBytes} makes the same type again. */
export function kindOf(value: Bytes): number {
  if (!ArrayBuffer.isView(value)) return arrayBuffer;
  if (Buffer.isBuffer(value)) return buffer;
  return kinds.get(tagOf.call(value) ?? "") ?? dataView;
}

/**
 * The bytes of `value` as a view of its memory. Copies memory that is shared between threads, because they may change
 * it at any moment. Throws a TypeError where {@link reasonAgainstBytes} has a reason.
 */
export function bytesOf(value: Bytes): Uint8Array {
  if (!ArrayBuffer.isView(value)) return ownOfShared(new Uint8Array(bufferOf(value)));
  const { byteLength } = value;
  // Reports a view beyond the end of its buffer: its methods throw, those of an empty view do not.
  if (byteLength === 0 && types.isTypedArray(value)) firstOf.call(value, 0);
  return ownOfShared(new Uint8Array(value.buffer, value.byteOffset, byteLength));
}

function bufferOf(value: ArrayBuffer | SharedArrayBuffer): ArrayBuffer | SharedArrayBuffer {
  if (!types.isAnyArrayBuffer(value)) throw new TypeError("no ArrayBuffer");
  return value;
}

function ownOfShared(view: Uint8Array): Uint8Array {
  return types.isSharedArrayBuffer(view.buffer) ? new Uint8Array(view) : view;
}

const firstOf: (this: unknown, index: number) => unknown = Object.getPrototypeOf(Uint8Array.prototype).at;

/** Why {@link bytesOf} throws, and what to do. */
export function reasonAgainstBytes(value: Bytes): string {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (!types.isAnyArrayBuffer(buffer))
    return "is a Proxy of an ArrayBuffer, or inherits from one; send the buffer itself";
  try {
    new Uint8Array(buffer);
  } catch {
    return "was transferred to another thread; send it before transferring it";
  }
  return "is a view beyond the end of its buffer, which resize() made smaller; make a new view";
}

/** A value of `kind` with a copy of the bytes of `source` from `start` to `end`; for a few bytes. */
export function smallFromBytes(kind: number, source: Uint8Array, start: number, end: number): Bytes {
  const length = end - start;
  const bytes = new Uint8Array(length);
  if (length <= 64) for (let i = 0; i < length; i++) bytes[i] = source[start + i] as number;
  else bytes.set(source.subarray(start, end));
  return kind === uint8Array ? bytes : fromBytes(kind, bytes);
}

/**
 * A value of `kind` that shows `bytes`: in the same memory if the alignment permits, otherwise in a copy. An
 * ArrayBuffer shares memory only if `bytes` is all of its buffer.
 */
export function fromBytes(kind: number, bytes: Uint8Array): Bytes {
  const { byteLength } = bytes;
  if (kind === buffer) return Buffer.from(bytes.buffer, bytes.byteOffset, byteLength);
  if (kind === dataView) return new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  if (kind === arrayBuffer) return byteLength === bytes.buffer.byteLength ? bytes.buffer : new Uint8Array(bytes).buffer;
  const [name, TypedArray] = typedArrays[kind] ?? [`typed array of kind ${kind}`, undefined];
  if (TypedArray === undefined) throw malformed(`Node ${process.version} has no ${name}`);
  const size = TypedArray.BYTES_PER_ELEMENT;
  if (byteLength % size !== 0) throw malformed(`${byteLength} bytes are no ${name}`);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new TypedArray(aligned.buffer, aligned.byteOffset, byteLength / size);
}
