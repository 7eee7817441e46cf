import { MpiError } from "../calls/errors.ts";
import { Layout } from "../calls/regions/layout.ts";
import type { Span } from "./span.ts";

/** What a request asks for. The numbers are on the wire (`docs/wire.md`): append only. */
export const what = {
  get: 1,
  put: 2,
  accumulate: 3,
  getAccumulate: 4,
  compareAndSwap: 5,
  lock: 6,
  unlock: 7,
  /** The sender has let its own part go. Has no answer. */
  letGo: 8,
} as const;

/** A request without its data. */
export interface Request {
  readonly what: number;
  /** The operation, as its `numberOf`; for locks: 1 for a shared one. */
  readonly op: number;
  readonly span: Span;
  /** Which elements of the span. */
  readonly from: number;
  readonly until: number;
}

const fixedBytes = 32;

/**
 * ```text
 * 0 what u8   1 op u8   2 dimensions of the view u8, 0 without one   8 from f64   16 until f64   24 first f64
 * 32 shape, start, size, stride: f64 for each dimension
 * ```
 */
export function encodeRequest({ what, op, span, from, until }: Request): Uint8Array {
  const { layout } = span;
  const lists = layout === undefined ? [] : [layout.shape, layout.start, layout.size, layout.stride];
  const numbers = lists.flat();
  const bytes = new Uint8Array(fixedBytes + 8 * numbers.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = what;
  bytes[1] = op;
  bytes[2] = layout?.shape.length ?? 0;
  view.setFloat64(8, from, true);
  view.setFloat64(16, until, true);
  view.setFloat64(24, span.first, true);
  numbers.forEach((each, i) => {
    view.setFloat64(fixedBytes + 8 * i, each, true);
  });
  return bytes;
}

/** @throws MpiError `protocol` for anything that {@link encodeRequest} did not make */
export function decodeRequest(head: Uint8Array): Request {
  const dimensions = head[2] ?? 0;
  if (head.length !== fixedBytes + 32 * dimensions) {
    throw new MpiError("protocol", `a request to a window has ${head.length} bytes and ${dimensions} dimensions`);
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const from = view.getFloat64(8, true);
  const until = view.getFloat64(16, true);
  const first = view.getFloat64(24, true);
  const list = (number: number): number[] =>
    Array.from({ length: dimensions }, (_, i) => view.getFloat64(fixedBytes + 8 * (number * dimensions + i), true));
  const layout =
    dimensions === 0 ? undefined : new Layout({ shape: list(0), start: list(1), size: list(2), stride: list(3) });
  return { what: head[0] as number, op: head[1] as number, span: { first, count: until, layout }, from, until };
}
