import { invalid, show } from "../calls/check.ts";
import type { TypedArray } from "../calls/typed-array.ts";
import { allgather } from "../collectives/algorithms/allgather.ts";
import type { Peers } from "../wire/peers.ts";
import { type Membership, makeMemory } from "./group.ts";
import { LockTable } from "./lock-table.ts";
import { OpenWindow } from "./open-window.ts";
import type { ArrayKind } from "./part.ts";

export { WindowCounter } from "./counter.ts";
export { WindowMutex } from "./mutex.ts";
export { makeSharedArray } from "./shared-array.ts";

/** The arguments of a new window, checked. @throws MpiError `invalid-argument` */
export function checkWindow(Kind: unknown, length: unknown): ArrayKind {
  const { name = "", BYTES_PER_ELEMENT: size } = (Kind ?? {}) as { name?: string; BYTES_PER_ELEMENT?: unknown };
  if (typeof Kind !== "function" || typeof size !== "number" || !name.endsWith("Array")) {
    throw invalid(`the kind is ${show(Kind)}, but it is a class of typed arrays, such as Float64Array`);
  }
  if (!Number.isSafeInteger(length) || (length as number) < 0) {
    throw invalid(`length is ${show(length)}, but it is a whole number from 0`);
  }
  return Kind as unknown as ArrayKind;
}

/** Makes a window. Collective: all ranks of the group call it. `fill` sets the first values. */
export async function openWindow(
  group: Membership,
  peers: Peers,
  Kind: ArrayKind,
  length: number,
  name = "window",
  fill: (local: TypedArray) => void = () => {},
): Promise<OpenWindow> {
  const sizes = await allgather(peers, length);
  const { members } = group;
  const bytes = length * Kind.BYTES_PER_ELEMENT;
  const memory = await makeMemory(group, peers, bytes, (near) => LockTable.bytes(near, members.length));
  const window = new OpenWindow(group, Kind, sizes, memory, name);
  fill(window.local);
  await allgather(peers, 0); // a rank may ask another only when that one has its window
  return window;
}
