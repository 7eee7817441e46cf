import type { CallEvents, RankRecording } from "../recording/recording.ts";

/**
 * The recording with events that can be relied on: ordered by their beginning, each with a row of the sums and a real
 * duration. A recording that is read while its rank goes on, or that a killed rank has left, can have others: those are left out.
 */
export function withSoundEvents(recording: RankRecording): RankRecording {
  const { events, sums } = recording;
  if (areSound(events, sums.length)) return recording;
  const order: number[] = [];
  for (let i = 0; i < events.began.length; i++) if (isSound(events, i, sums.length)) order.push(i);
  order.sort((a, b) => events.began[a]! - events.began[b]! || a - b);
  return { ...recording, events: picked(events, order) };
}

function areSound(events: CallEvents, rows: number): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < events.began.length; i++) {
    const began = events.began[i]!;
    if (!isSound(events, i, rows) || began < before) return false;
    before = began;
  }
  return true;
}

/** NaN is the duration of a call that has not ended. */
function isSound({ began, ms, sums }: CallEvents, i: number, rows: number): boolean {
  return Number.isFinite(began[i]!) && !(ms[i]! < 0) && ms[i] !== Number.POSITIVE_INFINITY && sums[i]! < rows;
}

function picked(events: CallEvents, order: readonly number[]): CallEvents {
  return {
    began: Float64Array.from(order, (i) => events.began[i]!),
    ms: Float64Array.from(order, (i) => events.ms[i]!),
    sums: Uint32Array.from(order, (i) => events.sums[i]!),
    peer: Int32Array.from(order, (i) => events.peer[i]!),
    bytes: Float64Array.from(order, (i) => events.bytes[i]!),
    tag: Int32Array.from(order, (i) => events.tag[i]!),
    context: Uint32Array.from(order, (i) => events.context[i]!),
    key: Uint32Array.from(order, (i) => events.key[i]!),
  };
}
