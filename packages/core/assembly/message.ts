/** Offsets in a record, as `src/transports/shared-memory/ring.ts` and `records.ts` draw them. */
const headerBytes: usize = 128;
const recordHeader: usize = 8;
/** The kinds of record that hold a whole message: `record.whole` and `record.short`. */
const whole: u32 = 2;
const short: u32 = 7;
/** Kind and flags of a user's message that needs no answer. */
const plainMessage: u32 = 1;
const anyTag: i32 = -1;

/**
 * Waits until the ring has a record behind `read`, for so many looks, and says whether that is a user's message of this context
 * with this tag and this number in the order of packets: returns the value of `written` then, otherwise `read`.
 */
export function awaitMessage(
  ring: usize,
  capacity: u32,
  read: u32,
  context: u32,
  tag: i32,
  sequence: u32,
  looks: i32,
): u32 {
  let written = atomic.load<u32>(ring);
  for (; written == read; written = atomic.load<u32>(ring)) {
    if (--looks < 0) return read;
  }
  const record = ring + headerBytes + (read & (capacity - 1));
  const kind = load<u32>(record, 4);
  if (kind != whole && kind != short) return read;
  const envelope = record + recordHeader;
  const fits =
    load<u32>(envelope) == plainMessage &&
    load<u32>(envelope, 8) == context &&
    (tag == anyTag || load<i32>(envelope, 16) == tag) &&
    load<u32>(envelope, 24) == sequence &&
    load<u32>(envelope, 40) == 0;
  return fits ? written : read;
}
