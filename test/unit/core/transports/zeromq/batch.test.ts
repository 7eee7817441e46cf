import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MpiError } from "../../../../../packages/core/src/calls/errors.ts";
import { Batch, pieceBytes, smallPieceBytes } from "../../../../../packages/core/src/transports/zeromq/batch.ts";
import { deliver } from "../../../../../packages/core/src/transports/zeromq/deliver.ts";
import { sealBytes } from "../../../../../packages/core/src/transports/zeromq/seal.ts";
import { headerBytes } from "../../../../../packages/core/src/wire/envelope.ts";
import type { Packet } from "../../../../../packages/core/src/wire/packet.ts";
import { envelope } from "../../../../support/envelope-of.ts";

/** Bytes that tell where they are. */
const attachment = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i ^ (i >> 8) ^ (i >> 16)) & 255);
const packet = (...lengths: number[]): Packet => ({
  head: Uint8Array.of(lengths.length),
  attachments: lengths.map(attachment),
});

function ownCopy(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}

/** As ZeroMQ hands them over: every frame in memory of its own. */
function arrived(packets: Packet[], lent = false, encrypted = false): Buffer[] {
  const batch = new Batch();
  for (const each of packets) batch.add(envelope, each, lent);
  return batch.take(0, encrypted).map(ownCopy);
}

/** What copies of these frames bring, for they do not survive it. */
function received(frames: Buffer[], landing?: (bytes: number) => Uint8Array | undefined): Packet[] {
  return consumed(frames.map(ownCopy), landing);
}

function consumed(frames: Buffer[], landing: (bytes: number) => Uint8Array | undefined = () => undefined): Packet[] {
  const packets: Packet[] = [];
  deliver(frames, {
    packet: (_, { head, attachments }, borrowed) =>
      void packets.push({
        head: Uint8Array.from(head),
        attachments: borrowed ? attachments.map(ownCopy) : attachments,
      }),
    landing: (_, __, bytes) => landing(bytes),
    pollBoards: () => false,
    watchBoards: () => {},
    waiting: true,
    failed: (error) => {
      throw error;
    },
  });
  return packets;
}

/** Of each packet, whether its receiver has to copy what it keeps. */
function borrowed(frames: Buffer[]): boolean[] {
  const all: boolean[] = [];
  const receiver = {
    landing: () => undefined,
    pollBoards: () => false,
    watchBoards: () => {},
    waiting: true,
    failed: () => {},
  };
  deliver(frames.map(ownCopy), { ...receiver, packet: (_, __, borrowed) => void all.push(borrowed) });
  return all;
}

/** As a seal leaves the first frame, which was at its end. */
function sealed(packets: Packet[]): Buffer[] {
  return [ownCopy(Buffer.concat([arrived(packets)[0]!, Buffer.alloc(sealBytes)])).subarray(0, -sealBytes)];
}

/** Frames in memory where something else is behind them. */
function parts(packets: Packet[]): Buffer[] {
  return arrived(packets).map((frame) => ownCopy(Buffer.concat([frame, Buffer.alloc(1000)])).subarray(0, frame.length));
}

/** Short, for to compare megabytes byte by byte takes a minute. */
const digest = (bytes: Uint8Array): string => `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;
const plain = (packets: Packet[]): unknown => packets.map(({ head, attachments }) => [head, attachments.map(digest)]);

describe("the frames of a ZeroMQ message", () => {
  test("carry any packets with any attachments, whatever pieces they are cut into", () => {
    const length = fc.oneof(
      fc.nat(2000),
      ...[pieceBytes, smallPieceBytes].map((piece) =>
        fc.tuple(fc.nat(3), fc.integer({ min: -1, max: 1 })).map(([n, by]) => Math.max(0, n * piece + by)),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(length, { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (all, encrypted) => {
          const packets = all.map((lengths) => packet(...lengths));
          for (const lent of [false, true]) {
            expect(plain(received(arrived(packets, lent, encrypted)))).toEqual(plain(packets));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test("of a batch do not change while packets are added to the next one", () => {
    const batch = new Batch();
    const taken: { frames: Buffer[]; packets: Packet[] }[] = [];
    const heads = fc.array(fc.oneof(fc.nat(100), fc.nat(9000)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(heads, fc.boolean(), fc.nat(24), (lengths, array, room) => {
        const packets = lengths.map((length, i) => ({
          head: attachment(length),
          attachments: array && i === 0 ? [attachment(5000)] : [],
        }));
        for (const each of packets) batch.add(envelope, each, false);
        const frames = batch.take(room) as Buffer[];
        taken.push({ frames: [frames[0]!.subarray(0, frames[0]!.length - room), ...frames.slice(1)], packets });
      }),
      { numRuns: 50 },
    );
    expect(batch.bytes).toBe(0);
    for (const { frames, packets } of taken) expect(plain(received(frames))).toEqual(plain(packets));
  });

  test("are one frame with a copy, for a single array that its sender may change", () => {
    const value = packet(65_536);
    const batch = new Batch();
    batch.add(envelope, value, false);
    const before = plain([value]);
    value.attachments[0]!.fill(0);
    const frames = batch.take();
    expect(frames.map(({ length }) => length)).toEqual([headerBytes + 8 + 65_536]);
    const packets = received(frames as Buffer[]);
    expect(plain(packets)).toEqual(before);
    expect(borrowed(frames as Buffer[])).toEqual([true]);
    expect(borrowed(arrived([packet(), packet(5), packet(2 * pieceBytes)], true))).toEqual([false, false, false]);
  });

  test("are several, so that they are encrypted in turn, for a large array between hosts", () => {
    const lengths = (packets: Packet[], lent: boolean): number[] =>
      arrived(packets, lent, true).map(({ length }) => length);
    const front = headerBytes + 8;
    expect(lengths([packet(2 * smallPieceBytes - 1)], false)).toEqual([front + 2 * smallPieceBytes]);
    const two = [packet(2 * smallPieceBytes + 3), packet(), packet()];
    expect(lengths(two, false)).toEqual([front + smallPieceBytes, smallPieceBytes + 8 + 2 * front]);
    expect(lengths([packet(2 * smallPieceBytes)], true)).toEqual([front, smallPieceBytes, smallPieceBytes, 0]);
    const into = new Uint8Array(2 * smallPieceBytes + 3);
    const packets = received(arrived(two, false, true), (bytes) => (bytes === into.length ? into : undefined));
    expect(packets[0]!.attachments[0]!.buffer).toBe(into.buffer);
    expect(plain(packets)).toEqual(plain(two));
    expect(borrowed(arrived(two, false, true))).toEqual([false, false, false]);
  });

  test("of any bytes are packets, or a protocol error", () => {
    const good = arrived([packet(5), packet(), packet(2000)]);
    const changed = fc.tuple(fc.nat(good[0]!.length - 1), fc.nat(255)).map(([at, byte]) => {
      const [first, ...rest] = good.map((frame) => Buffer.from(frame));
      first![at] = byte;
      return [first!, ...rest];
    });
    const any = fc.array(fc.uint8Array({ maxLength: 3 * headerBytes }).map((bytes) => Buffer.from(bytes)));
    fc.assert(
      fc.property(fc.oneof(changed, any), (frames) => {
        try {
          for (const { head, attachments } of received(frames)) plain([{ head, attachments }]);
        } catch (error) {
          expect(error).toBeInstanceOf(MpiError);
          expect((error as MpiError).code).toBe("protocol");
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("are joined in the receiver's array", () => {
    const into = new Uint8Array(3 * pieceBytes + 10);
    const asked: number[] = [];
    const [
      {
        attachments: [whole],
      } = packet(),
    ] = received(arrived([packet(2 * pieceBytes + 7)], true), (bytes) => {
      asked.push(bytes);
      return into.subarray(0, bytes);
    });
    expect(asked).toEqual([2 * pieceBytes + 7]);
    expect(whole?.buffer).toBe(into.buffer);
    expect(Buffer.from(into.subarray(0, 2 * pieceBytes + 7)).equals(attachment(2 * pieceBytes + 7))).toBe(true);
    expect(into.subarray(2 * pieceBytes + 7).every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    { name: "pieces of an array", frames: () => arrived([packet(), packet(2 * pieceBytes)], true), kept: [0] },
    {
      name: "pieces of one that begins in the first",
      frames: () => arrived([packet(131_073)], false, true),
      kept: [0],
    },
    { name: "the frame of a lone array", frames: () => arrived([packet(65_536)]), kept: [] },
    { name: "the frame of a lone array, sealed", frames: () => sealed([packet(65_536)]), kept: [] },
    { name: "not what packets are shown in", frames: () => arrived([packet(65_536), packet()]), kept: [0] },
    { name: "not the frame that is an array", frames: () => arrived([packet(), packet(65_536)], true), kept: [0, 1] },
    { name: "not what is small", frames: () => arrived([packet(1000)]), kept: [0] },
    { name: "not memory in which there is more", frames: () => parts([packet(65_536)]), kept: [0] },
  ])("are ZeroMQ's again at once when nothing of them is kept: $name", ({ frames, kept }) => {
    const all = frames();
    consumed(all);
    expect(all.flatMap(({ length }, i) => (length > 0 ? [i] : []))).toEqual(kept);
  });

  test("are refused when some are missing, with the rank of the sender", () => {
    const frames = arrived([packet(5), packet(2 * pieceBytes)], true);
    expect(frames.map(({ length }) => length).slice(1)).toEqual([5, pieceBytes, pieceBytes, 0]);
    const encrypted = arrived([packet(4 * smallPieceBytes), packet(smallPieceBytes)], false, true);
    expect(encrypted.length).toBe(6);
    for (const all of [frames, encrypted]) {
      for (let kept = 1; kept < all.length; kept++) {
        expect(() => received(all.slice(0, kept))).toThrow(/in the name of rank 1: parts of it are missing/);
      }
    }
  });
});
