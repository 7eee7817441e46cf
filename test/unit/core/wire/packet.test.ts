import assert from "node:assert/strict";
import { test } from "vitest";
import {
  copyHead,
  Excerpt,
  headBytes,
  Joined,
  Memory,
  type Packet,
} from "../../../../packages/core/src/wire/packet.ts";

test("a head is copied whole from wherever it begins, and at most three bytes more", () => {
  const source = new Memory(Uint8Array.from({ length: 1024 }, (_, i) => (i * 7) & 255));
  for (const start of [0, 4, 7, 15, 63]) {
    for (const length of [1, 8, 9, 255, 256, 257, 300, 700]) {
      const rest = source.bytes.subarray(start + 1, start + length);
      const heads: Packet[] = [
        new Excerpt(source, start, start + length),
        new Joined(source.bytes[start] as number, rest),
        { head: source.bytes.subarray(start, start + length), attachments: [] },
      ];
      for (const packet of heads) {
        const target = new Memory(new Uint8Array(1024).fill(255));
        copyHead(packet, target, 12);
        assert.equal(headBytes(packet), length);
        assert.deepEqual(target.bytes.subarray(12, 12 + length), source.bytes.subarray(start, start + length));
        assert.ok(target.bytes.subarray(0, 12).every((byte) => byte === 255));
        assert.ok(target.bytes.subarray(12 + length + 3).every((byte) => byte === 255));
      }
    }
  }
});
