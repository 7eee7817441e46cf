import type { Op } from "../../ops/op.ts";
import { encode, type Parcel } from "../../wire/codec/codec.ts";
import type { Peers } from "../../wire/peers.ts";
import { combine, operand, recvValue } from "./combine.ts";
import { nothing } from "./raw-parcel.ts";
import type { Tree } from "./trees.ts";

/** Combines the values of a tree in the order of ranks. Returns the result at the top, undefined elsewhere. */
export async function reduceUp(peers: Peers, { parent, children }: Tree, value: unknown, op: Op): Promise<unknown> {
  let result = children.length === 0 ? value : operand(op, value);
  for (const child of children) {
    result = combine(op, result, await recvValue(peers, child, result), child < peers.rank);
  }
  if (parent === undefined) return result;
  await peers.send(parent, encode(result));
  return undefined;
}

/** Sends the parcel of the top of a tree to all its ranks, the largest subtree first. */
export async function sendDown(peers: Peers, { parent, children }: Tree, parcel: Parcel | undefined): Promise<Parcel> {
  const whole = parent === undefined ? (parcel as Parcel) : await peers.recv(parent);
  await toChildren(peers, children, whole);
  return whole;
}

export async function toChildren(peers: Peers, children: readonly number[], parcel: Parcel): Promise<void> {
  if (children.length === 1) await peers.send(children[0] as number, parcel);
  else if (children.length > 1) {
    await Promise.all(children.map((_, i) => peers.send(children[children.length - 1 - i] as number, parcel)));
  }
}

/** Resolves at the top when all ranks below have called it. */
export async function signalUp(peers: Peers, { parent, children }: Tree): Promise<void> {
  for (const child of children) await peers.recv(child);
  if (parent !== undefined) await peers.send(parent, nothing);
}

/** Resolves on each rank when the top has called it. */
export async function signalDown(peers: Peers, tree: Tree): Promise<void> {
  await sendDown(peers, tree, nothing);
}
