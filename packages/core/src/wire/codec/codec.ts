import { Packr, Unpackr } from "msgpackr/pack"; // a third of the start-up time of "msgpackr": does not look for a native addon

export { AlignedMemory } from "./aligned-memory.ts";
export { bundle, unbundle } from "./bundle.ts";
export { decodeInto, isWhole, type Landing, landed, landing, landingIn, lengthIn } from "./decode-into.ts";
export { byteLength, type Parcel } from "./parcel.ts";
export {
  copyOut,
  type ShortValue,
  short,
  shortBytes,
  shortInto,
  shortLength,
  shortNumber,
  writeShort,
} from "./short-value.ts";

import { MpiError, messageOf } from "../../calls/errors.ts";
import { type ArrayBlock, isBlock } from "../../calls/regions/block.ts";
import { RegionBytes } from "../../calls/regions/region-bytes.ts";
import { Excerpt, Gathered, Joined, type Memory } from "../packet.ts";
import { flatten } from "./flatten.ts";
import { sampleArray } from "./losses.ts";
import { asBuffer, Form, inlineArrayBytes, inlineBytes, malformed, nothingAttached, type Parcel } from "./parcel.ts";
import { isPlain } from "./plain.ts";
import { notSmall, readSmall } from "./read-small.ts";
import { rebuild } from "./rebuild.ts";
import { type Bytes, bytesOf, fromBytes, isBytes, kindOf, reasonAgainstBytes, smallFromBytes } from "./typed-arrays.ts";
import { unserializable } from "./unserializable.ts";
import { encodeBytes, encodeDouble, encodeSmall, gaveUp, writeDouble, writeSmall } from "./write-small.ts";

const RESERVE_ONE_BYTE = 2048 | 1; // msgpackr's RESERVE_START_SPACE: leaves room for the form, without copying

const packer = new Packr({
  useRecords: false,
  variableMapSize: true, // Object.keys instead of for-in with hasOwnProperty, and more than 65535 keys
  useToJSON: false,
  useBigIntExtension: true,
});

/**
 * Record definitions in received bytes would reach `new Function`. Without a place to keep them, msgpackr throws
 * instead.
 */
const unpacker: Unpackr = Object.assign(new Unpackr({ useRecords: false, structuredClone: false }), {
  structures: Object.freeze(Object.assign([], { sharedLength: 0 })),
});
const afterForm = { start: 1 };

const constants = {
  undefined: constant(Form.undefined),
  null: constant(Form.null),
  true: constant(Form.true),
  false: constant(Form.false),
};

/**
 * Encodes any value that can travel.
 *
 * Typed arrays, ArrayBuffers, DataViews and Buffers, at the top or inside, travel as the bytes they show. Other values
 * go through msgpackr and arrive as structuredClone would copy them: Map, Set, Date, RegExp, errors, BigInt, cycles,
 * shared references, holes, -0. `docs/values.md` has the table. Instances of classes become plain objects, with one
 * warning if they lose methods; instances of registered classes stay instances.
 *
 * Memory: byte arrays above 4 KiB (above 1 KiB when they are the whole value) are LENT to `attachments`, not copied.
 * They must not change until the parcel has been sent (memory shared between threads is copied). The rest of the parcel
 * has its own memory, which later calls do not change.
 *
 * Throws MpiError `unserializable` with the path: `data.jobs[3].onDone is a function; send data, and keep functions on
 * each rank`.
 *
 * ```ts
 * const { head, attachments } = encode({ step: 3, grid: new Float64Array(1e6) });   // attachments[0] shows the grid
 * ```
 */
export function encode(value: unknown): Parcel {
  if (typeof value === "number") return encodeDouble(Form.number, value);
  if (typeof value === "boolean") return value ? constants.true : constants.false;
  if (value === undefined) return constants.undefined;
  if (value === null) return constants.null;
  if (typeof value === "object" && isBytes(value)) return encodeArray(value);
  const small = encodeSmall(Form.plain, value);
  if (small !== undefined) return small;
  if (isPlain(value)) return pack(Form.plain, value, nothingAttached);
  if (isBlock(value)) return encodeBlock(value);
  const attachments: Uint8Array[] = [];
  return pack(Form.graph, flatten(value, attachments), attachments);
}

/**
 * {@link encode} for small plain values, into given memory: writes at `at`, and nothing at `room` or beyond. Returns
 * where it ends; -1 for other values, and where there is no room.
 */
export function encodeAt(value: unknown, memory: Memory, at: number, room: number): number {
  if (typeof value === "number") return at + 9 > room ? gaveUp : writeDouble(Form.number, value, memory, at);
  if (typeof value !== "string" && (typeof value !== "object" || value === null || isBytes(value))) return gaveUp;
  const end = writeSmall(value, memory, at + 1, room);
  if (end !== gaveUp) memory.bytes[at] = Form.plain;
  return end;
}

/**
 * Decodes a parcel.
 *
 * Memory: large byte arrays are views of the attachments if the alignment permits, otherwise copies. Everything else is
 * new. So a parcel that is also forwarded, or decoded twice, must not be changed through its value before it has been
 * sent. Decoding one's own parcel yields the arrays lent to it: see {@link copy}.
 *
 * Throws MpiError `protocol` for invalid bytes. Received bytes cannot run code, reach a prototype, or make this
 * allocate much more than their own size.
 *
 * ```ts
 * const { step, grid } = decode(parcel) as { step: number; grid: Float64Array };
 * ```
 */
export function decode(parcel: Parcel): unknown {
  try {
    if (parcel instanceof Excerpt) return readThere(parcel.memory, parcel.start, parcel.end);
    return read(asBuffer(parcel.head), parcel.attachments);
  } catch (error) {
    throw error instanceof MpiError ? error : malformed(messageOf(error), error);
  }
}

/**
 * The value that another rank would get: `decode(encode(value))`, without memory in common with `value`. For messages
 * from a rank to itself.
 *
 * Costs one copy of each byte array. Throws MpiError `unserializable` as {@link encode} does.
 */
export function copy(value: unknown): unknown {
  if ((typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol") || value === null)
    return value;
  const { head, attachments } = encode(value);
  return decode({ head, attachments: attachments.map((attachment) => new Uint8Array(attachment)) });
}

/** {@link copy} for a value that is already encoded. The parcel only borrows large arrays. */
export function ownOf(parcel: Parcel, value: unknown): unknown {
  return parcel.attachments.length === 0 ? decode(parcel) : copy(value);
}

/** Decodes in place: the frequent forms need no view of their own. */
function readThere(memory: Memory, start: number, end: number): unknown {
  const { bytes, view } = memory;
  switch (bytes[start]) {
    case Form.plain:
      return readPlain(bytes, view, start + 1, end);
    case Form.number:
      return view.getFloat64(start + 1, true);
  }
  const form = bytes[start] as number;
  if (form >= Form.rawInHead && form < Form.rawAttached)
    return smallFromBytes(form - Form.rawInHead, bytes, start + 1, end);
  return read(bytes.subarray(start, end), nothingAttached);
}

function readPlain(bytes: Buffer, view: DataView | undefined, start: number, end: number): unknown {
  const value = readSmall(bytes, view, start, end);
  if (value !== notSmall) return value;
  there.start = start;
  there.end = end;
  return unpacker.unpack(bytes, there);
}

const there = { start: 0, end: 0 };

function read(head: Buffer, attachments: readonly Uint8Array[]): unknown {
  const form = head[0] ?? Form.bundle;
  if (form >= Form.rawAttached) return fromBytes(form - Form.rawAttached, only(attachments));
  if (form === (Form.plain | Form.attached)) return unpacker.unpack(asBuffer(only(attachments)));
  if (form === (Form.graph | Form.attached)) {
    const [nodes, ...lent] = attachments;
    if (nodes === undefined) throw malformed("its content is missing");
    return rebuild(unpacker.unpack(asBuffer(nodes)), lent);
  }
  if (form === Form.graph) return rebuild(unpacker.unpack(head, afterForm), attachments);
  if (attachments.length > 0) throw malformed("it has attachments that it does not use");
  if (form >= Form.rawInHead) return smallFromBytes(form - Form.rawInHead, head, 1, head.length);
  switch (form) {
    case Form.plain:
      return readPlain(head, undefined, 1, head.length);
    case Form.number:
      return head.readDoubleLE(1);
    case Form.undefined:
      return undefined;
    case Form.null:
      return null;
    case Form.true:
      return true;
    case Form.false:
      return false;
    default:
      throw malformed(form === Form.bundle ? "a bundle, or nothing" : `form ${form} is unknown`);
  }
}

function constant(form: number): Parcel {
  return { head: Buffer.from([form]), attachments: nothingAttached };
}

function encodeArray(value: Bytes): Parcel {
  const kind = kindOf(value);
  sampleArray(value);
  // Copies a few bytes directly. An empty array takes the other path, which throws if its buffer was transferred away.
  const small = value instanceof Uint8Array && value.byteLength > 0 && value.byteLength <= inlineArrayBytes;
  const bytes = small ? value : lend(value);
  if (bytes.byteLength > inlineArrayBytes) return { head: formOf(Form.rawAttached | kind), attachments: [bytes] };
  return encodeBytes(Form.rawInHead | kind, bytes);
}

/** A block as the dense array of its elements. A large one stays where it is until the packet is written. */
function encodeBlock(block: ArrayBlock): Parcel {
  const { contiguous } = block;
  if (contiguous !== undefined || block.byteLength <= inlineArrayBytes)
    return encodeArray(contiguous ?? block.toArray());
  return new Gathered(formOf(Form.rawAttached | kindOf(block.array)), new RegionBytes(block));
}

/**
 * An array that is an attachment, up to so many bytes, as a parcel without attachments; other parcels as they are.
 * For memory that is going to hold a copy anyway; nothing is copied here.
 */
export function withArrayInHead(parcel: Parcel, most: number): Parcel {
  const { attachments } = parcel;
  const [bytes] = attachments;
  if (bytes === undefined || attachments.length > 1 || bytes.byteLength > most || parcel.head.length > 1) return parcel;
  const kind = (parcel.head[0] as number) - Form.rawAttached;
  return kind >= 0 && kind < Form.rawInHead ? new Joined(Form.rawInHead | kind, bytes) : parcel;
}

/** A head with the form only. */
function formOf(form: number): Uint8Array {
  forms[form] ??= Buffer.from([form]);
  return forms[form];
}

const forms: Buffer[] = [];

function lend(value: Bytes): Uint8Array {
  try {
    return bytesOf(value);
  } catch (error) {
    throw unserializable("data", reasonAgainstBytes(value), error);
  }
}

/**
 * The form and the MessagePack of `content`. If that is large, it becomes the first attachment, because heads are
 * copied on their way.
 */
function pack(form: number, content: unknown, attachments: readonly Uint8Array[]): Parcel {
  let bytes: Buffer;
  try {
    bytes = packer.pack(content, RESERVE_ONE_BYTE);
  } catch (error) {
    throw unserializable("data", `cannot be packed (${messageOf(error)}); send it in parts, or as typed arrays`, error);
  }
  // msgpackr cuts its results from a pool that grows to the largest. A new pool keeps small parcels from holding large
  // memory.
  if (bytes.length > 1 << 20) packer.useBuffer(Buffer.allocUnsafeSlow(8192));
  bytes[0] = form;
  if (bytes.length <= inlineBytes) return { head: bytes, attachments };
  return { head: Buffer.from([form | Form.attached]), attachments: [bytes.subarray(1), ...attachments] };
}

function only(attachments: readonly Uint8Array[]): Uint8Array {
  const [attachment] = attachments;
  if (attachment === undefined || attachments.length > 1) throw malformed("it needs one attachment");
  return attachment;
}
