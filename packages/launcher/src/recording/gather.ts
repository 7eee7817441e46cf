import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ClockOf } from "./clock.ts";
import { noRecording, readRank } from "./read-rank.ts";
import type { RankRecording } from "./recording.ts";

/** What the hosts of a job have sent of its recording. */
export class Gathered {
  readonly #clocks: ReadonlyMap<string, ClockOf>;
  /** The parts that have come, and the last whole recording of each rank. */
  readonly #parts = new Map<number, Uint8Array[]>();
  readonly #whole = new Map<number, Uint8Array>();
  readonly #hostOf: ReadonlyMap<number, string>;

  constructor(hosts: readonly { name: string; ranks: readonly number[] }[]) {
    this.#clocks = new Map(hosts.map(({ name }) => [name, new ClockOf()]));
    this.#hostOf = new Map(hosts.flatMap(({ name, ranks }) => ranks.map((rank) => [rank, name] as const)));
  }

  /** A host's answer to the question for its clock. */
  noteClock(host: string, sent: number, there: number): void {
    this.#clocks.get(host)?.note(sent, there);
  }

  clockErrorMs(host: string): number {
    return this.#clocks.get(host)?.errorMs ?? 0;
  }

  /** A part of a rank's recording. True when it is the last one. */
  part(rank: number, bytes: Uint8Array, last: boolean): boolean {
    const parts = this.#parts.get(rank) ?? [];
    parts.push(bytes);
    this.#parts.set(rank, parts);
    if (!last) return false;
    this.#parts.delete(rank);
    const whole = Buffer.concat(parts);
    if (whole.length > 0) this.#whole.set(rank, whole);
    return true;
  }

  /** By rank, with times since the earliest `init()`. */
  async ranks(): Promise<RankRecording[]> {
    const read = new Map<number, RankRecording>();
    for (const [rank, bytes] of this.#whole) {
      const host = this.#hostOf.get(rank)!;
      const recording = readRank(await promisify(gunzip)(bytes), host, (at) => this.#clocks.get(host)!.here(at));
      if (recording !== undefined) read.set(rank, recording);
    }
    const began = Math.min(...[...read.values()].map(({ joinedAt }) => joinedAt));
    for (const each of read.values()) shift(each, -began);
    return [...this.#hostOf].sort(([a], [b]) => a - b).map(([rank, host]) => read.get(rank) ?? noRecording(rank, host));
  }
}

/** Adds `by` to all times. */
function shift(recording: RankRecording, by: number): void {
  const { events, samples, bins, lastCall, phaseSpans = [] } = recording;
  recording.joinedAt += by;
  recording.leftAt += by;
  bins.began += by;
  if (lastCall !== undefined) lastCall.began += by;
  for (const span of phaseSpans) span[1] += by;
  for (const times of [events.began, samples.at]) for (let i = 0; i < times.length; i++) times[i]! += by;
}
