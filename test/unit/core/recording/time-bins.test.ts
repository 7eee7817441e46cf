import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  binCount,
  binKinds,
  head,
  recordingBytes,
  recordingMemory,
} from "../../../../packages/core/src/recording/layout.ts";
import { TimeBins, timeKind } from "../../../../packages/core/src/recording/time-bins.ts";

const duration = fc.double({ min: 0, max: 5000, noNaN: true });

describe("the bins of a rank's life", () => {
  it("hold all of the time that was added, each kind for itself, whatever the lengths are", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(duration, duration, fc.nat(3)), { maxLength: 60 }), (spans) => {
        const memory = recordingMemory(new ArrayBuffer(recordingBytes(1, 16)), 0, 1, 16);
        const bins = new TimeBins(memory);
        bins.begin(100);
        const added = [0, 0, 0, 0];
        let at = 100;
        for (const [pause, ms, kind] of spans) {
          at += pause;
          bins.add(kind as 0, at, at + ms);
          added[kind]! += ms;
          at += ms;
        }
        const found = [0, 0, 0, 0];
        for (let i = 0; i < binCount * binKinds; i++) found[i % binKinds]! += memory.bins[i]!;
        for (const kind of [0, 1, 2, 3]) expect(found[kind]).toBeCloseTo(added[kind]!, 0);
        expect(memory.header[head.binMs]! * binCount).toBeGreaterThan(at - 100);
      }),
    );
  });

  it("put a span into the bins that it covers", () => {
    const memory = recordingMemory(new ArrayBuffer(recordingBytes(1, 16)), 0, 1, 16);
    const bins = new TimeBins(memory);
    bins.begin(0);
    bins.add(timeKind.maps, 1.5, 4.25);
    expect(Array.from({ length: 6 }, (_, i) => memory.bins[i * binKinds + timeKind.maps])).toEqual([
      0, 0.5, 1, 1, 0.25, 0,
    ]);
  });
});
