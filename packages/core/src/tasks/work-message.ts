import { encode, type Parcel } from "../wire/codec/codec.ts";
import { cannotTravel } from "./batch.ts";
import type { Item } from "./item.ts";
import type { Chunk } from "./map-run.ts";
import type { Message, Work } from "./messages.ts";
import { failed } from "./outcome.ts";
import { isSuspect } from "./worker-state.ts";

/**
 * Encodes a chunk for a worker. Returns undefined when an input cannot travel: the tasks of such inputs have failed, and the
 * other inputs of the chunk are handed out again.
 * @param offer the number of the offer, if any rank may do these tasks
 */
export function encodeWork(chunk: Chunk, offer?: number): Parcel | undefined {
  try {
    return encode(workMessage(chunk, offer));
  } catch (whole) {
    const { run, items } = chunk;
    const good: Item[] = [];
    for (const item of items) {
      const why = whyNotEncodable(item.input);
      if (why === undefined) good.push(item);
      else run.settle(item, failed(why), undefined);
    }
    if (good.length === items.length) for (const item of good) run.settle(item, failed(whole), undefined);
    else if (good.length > 0 && !run.over) run.putBack(good);
    return undefined;
  }
}

function workMessage(chunk: Chunk, offer: number | undefined): Message {
  const { run, items } = chunk;
  const first = items[0] as Item;
  const consecutive = items.every((item, i) => item.index === first.index + i);
  const work: Work = {
    kind: "work",
    task: run.task,
    at: consecutive ? first.index : items.map((item) => item.index),
    attempt: first.attempts,
    fingerprint: run.fingerprint,
    inputs: items.map((item) => item.input),
    spread: run.spread,
    timeoutMs: run.settings.timeoutMs,
    suspect: isSuspect(chunk),
  };
  if (offer !== undefined) work.offer = offer;
  return work;
}

function whyNotEncodable(input: unknown): unknown {
  try {
    encode(input);
    return undefined;
  } catch (error) {
    return cannotTravel("it", error);
  }
}
