import { expect, test } from "vitest";
import { Layout } from "../../../../packages/core/src/calls/regions/layout.ts";
import { decodeRequest, encodeRequest, what } from "../../../../packages/core/src/windows/request.ts";

test("a request is read as it was written, with and without a view", () => {
  const layout = new Layout({ shape: [4, 6], start: [1, 2], size: [2, 2], stride: [1, 2] });
  for (const span of [
    { first: 2 ** 40, count: 7, layout: undefined },
    { first: 0, count: 7, layout },
  ]) {
    const request = { what: what.accumulate, op: 13, span, from: 3, until: 7 };
    expect(decodeRequest(encodeRequest(request))).toEqual(request);
  }
});

test("a request that is cut off, or has another number of dimensions, is refused", () => {
  const bytes = encodeRequest({
    what: what.get,
    op: 0,
    span: { first: 0, count: 1, layout: undefined },
    from: 0,
    until: 1,
  });
  expect(() => decodeRequest(bytes.subarray(0, 31))).toThrow(/a request to a window has 31 bytes/);
  bytes[2] = 1;
  expect(() => decodeRequest(bytes)).toThrow(/32 bytes and 1 dimensions/);
});
