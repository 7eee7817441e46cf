import { binCount, binKinds, head, type RecordingMemory } from "./layout.ts";

/** Kinds of time that is not computing outside of tasks. */
export const timeKind = { messages: 0, collectives: 1, maps: 2, tasks: 3 } as const;
export type TimeKind = (typeof timeKind)[keyof typeof timeKind];

/** The whole life of a rank in {@link binCount} equal pieces. They get twice as wide whenever the life no longer fits. */
export class TimeBins {
  readonly #header: Float64Array;
  readonly #bins: Float32Array;
  #began = 0;
  #binMs = 1;

  constructor({ header, bins }: RecordingMemory) {
    this.#header = header;
    this.#bins = bins;
  }

  begin(at: number): void {
    this.#began = at;
    this.#header[head.binsBegan] = at;
    this.#header[head.binMs] = this.#binMs;
  }

  /** Adds the time from `from` to `to` to a kind. */
  add(kind: TimeKind, from: number, to: number): void {
    const bins = this.#bins;
    while (to - this.#began >= binCount * this.#binMs) this.#widen();
    const binMs = this.#binMs;
    let bin = Math.floor((from - this.#began) / binMs);
    const lastBin = Math.floor((to - this.#began) / binMs);
    if (bin < 0) bin = 0;
    if (bin === lastBin) {
      (bins[bin * binKinds + kind] as number) += to - from;
      return;
    }
    for (let start = from; bin <= lastBin; bin++) {
      const end = Math.min(to, this.#began + (bin + 1) * binMs);
      if (end > start) (bins[bin * binKinds + kind] as number) += end - start;
      start = end;
    }
  }

  #widen(): void {
    const bins = this.#bins;
    for (let i = 0; i < binCount / 2; i++) {
      for (let kind = 0; kind < binKinds; kind++) {
        const at = 2 * i * binKinds + kind;
        bins[i * binKinds + kind] = (bins[at] as number) + (bins[at + binKinds] as number);
      }
    }
    bins.fill(0, (binCount / 2) * binKinds);
    this.#binMs *= 2;
    this.#header[head.binMs] = this.#binMs;
  }
}
