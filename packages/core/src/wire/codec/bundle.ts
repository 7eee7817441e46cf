import { asBuffer, Form, inlineBytes, malformed, type Parcel } from "./parcel.ts";

/**
 * Form and number of parcels; then, for each parcel, 4 bytes for the length of its head and 4 for its number of
 * attachments.
 */
const [headerBytes, entryBytes] = [5, 8];
/** In place of a length: the head is an attachment, before the parcel's own attachments. */
const attached = 0xffffffff;

/**
 * Joins several parcels into one, so that an inner rank of a scatter or gather tree can split and forward them. Nothing
 * is decoded. Small heads are copied; attachments and large heads are lent on. Parcels may be bundles themselves.
 *
 * ```ts
 * const [mine, theirs] = unbundle(bundle([encode(1), encode("two")]));
 * ```
 */
export function bundle(parcels: readonly Parcel[]): Parcel {
  const attachments: Uint8Array[] = [];
  let at = headerBytes + entryBytes * parcels.length;
  let bytes = at;
  for (const { head } of parcels) if (head.byteLength <= inlineBytes) bytes += head.byteLength;
  const packed = Buffer.allocUnsafe(bytes);
  packed[0] = Form.bundle;
  let entry = packed.writeUInt32LE(parcels.length, 1);
  for (const { head, attachments: own } of parcels) {
    const inline = head.byteLength <= inlineBytes;
    entry = packed.writeUInt32LE(inline ? head.byteLength : attached, entry);
    entry = packed.writeUInt32LE(own.length, entry);
    if (inline) {
      packed.set(head, at);
      at += head.byteLength;
    } else attachments.push(head);
    for (const attachment of own) attachments.push(attachment);
  }
  return { head: packed, attachments };
}

/**
 * The parcels of a {@link bundle}, in order. They are views of the bundle's memory, which must outlive them unchanged.
 *
 * Throws MpiError `protocol` for anything but a whole bundle.
 */
export function unbundle(parcel: Parcel): Parcel[] {
  const packed = asBuffer(parcel.head);
  if (packed.length < headerBytes || packed[0] !== Form.bundle) throw malformed("a bundle was expected");
  const count = packed.readUInt32LE(1);
  let at = headerBytes + entryBytes * count;
  if (at > packed.length) throw malformed("a bundle is cut off");
  let used = 0;
  const parcels: Parcel[] = [];
  for (let entry = headerBytes; parcels.length < count; entry += entryBytes) {
    const length = packed.readUInt32LE(entry);
    const head = length === attached ? parcel.attachments[used++] : packed.subarray(at, at + length);
    if (length !== attached) at += length;
    const from = used;
    used += packed.readUInt32LE(entry + 4);
    if (head === undefined || at > packed.length || used > parcel.attachments.length) {
      throw malformed("a bundle is cut off");
    }
    parcels.push({ head, attachments: parcel.attachments.slice(from, used) });
  }
  if (at !== packed.length || used !== parcel.attachments.length)
    throw malformed("a bundle holds more than its parcels");
  return parcels;
}
