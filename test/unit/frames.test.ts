import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Envelope, seal } from "../../packages/core/src/envelope.ts";
import type { Packet } from "../../packages/core/src/packet.ts";
import { deliver, pieceBytes, toFrames } from "../../packages/core/src/transports/zeromq/frames.ts";

const envelope: Envelope = {
  kind: 4,
  collective: false,
  sync: false,
  context: 0,
  source: 1,
  tag: 2,
  id: 3,
  sequence: 4,
  signature: 0,
  bytes: 5,
};

/** Bytes that tell where they are. */
const attachment = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i ^ (i >> 8) ^ (i >> 16)) & 255);
const packet = (...lengths: number[]): Packet => ({
  head: Uint8Array.of(lengths.length),
  attachments: lengths.map(attachment),
});

/** As ZeroMQ hands them over: every frame in memory of its own. */
const arrived = (packets: Packet[]): Buffer[] =>
  toFrames(packets.map((each) => seal(envelope, each))).map((frame) => Buffer.from(frame));

function received(frames: Buffer[], landing: (bytes: number) => Uint8Array | undefined = () => undefined): Packet[] {
  const packets: Packet[] = [];
  deliver(frames, {
    packet: (_, { head, attachments }) => void packets.push({ head: Uint8Array.from(head), attachments }),
    landing: (_, __, bytes) => landing(bytes),
    glance: () => false,
    waiting: true,
    failed: (error) => {
      throw error;
    },
  });
  return packets;
}

/** Short, for to compare megabytes byte by byte takes a minute. */
const digest = (bytes: Uint8Array): string => `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
const plain = (packets: Packet[]): unknown => packets.map(({ head, attachments }) => [head, attachments.map(digest)]);

describe("the frames of a ZeroMQ message", () => {
  test("carry any packets with any attachments, whatever pieces they are cut into", () => {
    const length = fc.oneof(
      fc.nat(2000),
      fc.tuple(fc.nat(3), fc.integer({ min: -1, max: 1 })).map(([n, by]) => Math.max(0, n * pieceBytes + by)),
    );
    fc.assert(
      fc.property(fc.array(fc.array(length, { maxLength: 3 }), { minLength: 1, maxLength: 4 }), (all) => {
        const packets = all.map((lengths) => packet(...lengths));
        expect(plain(received(arrived(packets)))).toEqual(plain(packets));
      }),
      { numRuns: 50 },
    );
  });

  test("are put together where the receiver wants them", () => {
    const into = new Uint8Array(3 * pieceBytes + 10);
    const asked: number[] = [];
    const [
      {
        attachments: [whole],
      } = packet(),
    ] = received(arrived([packet(2 * pieceBytes + 7)]), (bytes) => {
      asked.push(bytes);
      return into.subarray(0, bytes);
    });
    expect(asked).toEqual([2 * pieceBytes + 7]);
    expect(whole?.buffer).toBe(into.buffer);
    expect(Buffer.from(into.subarray(0, 2 * pieceBytes + 7)).equals(attachment(2 * pieceBytes + 7))).toBe(true);
    expect(into.subarray(2 * pieceBytes + 7).every((byte) => byte === 0)).toBe(true);
  });

  test("are refused, in the name of who sent them, when some are missing", () => {
    const frames = arrived([packet(5), packet(2 * pieceBytes)]);
    expect(frames.map(({ length }) => length).slice(1)).toEqual([5, pieceBytes, pieceBytes, 0]);
    for (let kept = 1; kept < frames.length; kept++) {
      expect(() => received(frames.slice(0, kept))).toThrow(/in the name of rank 1: parts of it are missing/);
    }
  });
});
