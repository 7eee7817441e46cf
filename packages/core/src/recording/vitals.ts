import { PerformanceObserver } from "node:perf_hooks";
import { now, setInterval } from "../calls/event-loop.ts";
import { head, mostSamples, type RecordingMemory, sampleWords } from "./layout.ts";
import type { Recorder } from "./recorder.ts";

const everyMs = 250;

/** Samples the memory, the CPU time and the lateness of the event loop, and counts garbage collections. Keeps no process alive. */
export function watchVitals(recorder: Recorder): void {
  const { memory } = recorder;
  const samples = new Samples(memory);
  let due = now() + everyMs;
  const tick = (): void => {
    const at = now();
    recorder.settle(at);
    samples.take(at, Math.max(0, at - due));
    due = at + everyMs;
  };
  samples.take(now(), 0);
  setInterval(tick, everyMs).unref();
  const { header } = memory;
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      (header[head.gcCount] as number)++;
      (header[head.gcMs] as number) += duration;
    }
  });
  collections.observe({ entryTypes: ["gc"] });
}

/** Of this process since its start. */
function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** When the table is full, every second sample goes. */
class Samples {
  readonly #header: Float64Array;
  readonly #samples: Float64Array;
  #count = 0;
  #skip = 0;
  #every = 1;
  #cpuMs = cpuTimeMs();
  #lateMs = 0;

  constructor({ header, samples }: RecordingMemory) {
    this.#header = header;
    this.#samples = samples;
  }

  take(at: number, lateMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, lateMs);
    if (this.#skip-- > 0) return;
    this.#skip = this.#every - 1;
    if (this.#count === mostSamples) this.#thin();
    const { rss, heapUsed } = process.memoryUsage();
    const cpuMs = cpuTimeMs();
    this.#samples.set([at, rss, heapUsed, cpuMs - this.#cpuMs, this.#lateMs], this.#count * sampleWords);
    this.#cpuMs = cpuMs;
    this.#lateMs = 0;
    this.#header[head.sampleCount] = ++this.#count;
  }

  #thin(): void {
    const samples = this.#samples;
    for (let i = 0; i < mostSamples / 2; i++) {
      const [first, second] = [2 * i * sampleWords, (2 * i + 1) * sampleWords];
      const cpuMs = (samples[first + 3] as number) + (samples[second + 3] as number);
      const lateMs = Math.max(samples[first + 4] as number, samples[second + 4] as number);
      samples.copyWithin(i * sampleWords, second, second + 3);
      samples.set([cpuMs, lateMs], i * sampleWords + 3);
    }
    this.#count = mostSamples / 2;
    this.#every *= 2;
  }
}
