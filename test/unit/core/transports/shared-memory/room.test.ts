import { describe, expect, it } from "vitest";
import { SharedBoard } from "../../../../../packages/core/src/transports/shared-memory/board.ts";
import { boardBytes, shareOut } from "../../../../../packages/core/src/transports/shared-memory/room.ts";

const megabyte = 2 ** 20;

describe("the shared memory of a host", () => {
  it("is divided with the usual sizes when there is much", () => {
    for (const ranks of [1, 2, 8, 36]) {
      expect(shareOut(24_000 * megabyte, ranks)).toEqual({ ringBytes: 256 * 1024, boards: 1024 });
    }
  });

  it.each([
    [64, 2, 256],
    [64, 16, 128],
    [64, 20, 64],
    [64, 24, undefined],
    [300, 36, 64],
    [5, 2, 256],
    [3, 2, undefined],
    [1, 4, undefined],
    [0, 2, undefined],
  ])("of %i MiB among %i ranks gives rings of %s KiB", (room, ranks, kilobytes) => {
    const shares = shareOut(room * megabyte, ranks);
    expect(shares?.ringBytes).toBe(kilobytes && kilobytes * 1024);
  });

  it("never divides more than there is", () => {
    for (let ranks = 1; ranks <= 128; ranks++) {
      expect(boardBytes(ranks)).toBeGreaterThan(SharedBoard.bytes(ranks));
      for (const room of [1, 16, 64, 300, 1000, 5000]) {
        const shares = shareOut(room * megabyte, ranks);
        if (shares === undefined) continue;
        const rings = ranks * (ranks - 1) * shares.ringBytes;
        expect(rings + shares.boards * SharedBoard.bytes(ranks)).toBeLessThan(room * megabyte);
      }
    }
  });
});
