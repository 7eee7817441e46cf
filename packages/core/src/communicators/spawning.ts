import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkList, invalid, show } from "../calls/check.ts";
import { MpiError, messageOf } from "../calls/errors.ts";
import type { SpawnOptions } from "../calls/options.ts";
import * as collectives from "../collectives/algorithms/index.ts";
import type { PeerAddress, SpawnAnswer, SpawnWish } from "../wire/agent-protocol.ts";
import type { Peers } from "../wire/peers.ts";
import type { Spawner } from "./world.ts";

/** The part of a wish that the program gives. */
type Wanted = Omit<SpawnWish, "context" | "parents">;

/** @throws MpiError `invalid-argument` */
export function asWish(count: number, script: string | URL, { args = [], env = {} }: SpawnOptions): Wanted {
  if (!Number.isInteger(count) || count < 1)
    throw invalid(`spawn(${show(count)}): give a whole number of ranks from 1`);
  const isFile = script instanceof URL ? script.protocol === "file:" : typeof script === "string" && script !== "";
  if (!isFile) throw invalid(`script is ${show(script)}, but it is the path of a script, or a file: URL`);
  checkList("args", args, "texts");
  const other = args.find((each) => typeof each !== "string");
  if (other !== undefined) throw invalid(`args has ${show(other)}, but arguments of a script are texts`);
  if (typeof env !== "object" || env === null) throw invalid(`env is ${show(env)}, but it is an object of texts`);
  const [name] = Object.entries(env).find(([, value]) => typeof value !== "string") ?? [];
  if (name !== undefined) throw invalid(`env.${name} is ${show(env[name])}, but variables are texts`);
  const path = script instanceof URL ? fileURLToPath(script) : resolve(script);
  return { count, script: path, args: [...args], environment: { ...env }, directory: process.cwd() };
}

/** What must be the same on all ranks. Directories may differ: that of rank 0 counts, and its script's path. */
export function describeWish({ count, script, args, environment }: Wanted): string {
  const name = script.slice(script.lastIndexOf("/") + 1);
  const variables = Object.keys(environment).length === 0 ? "" : `, env ${JSON.stringify(environment)}`;
  return `spawn(${count}, "${name}") with args ${JSON.stringify(args)}${variables}`;
}

export function noLauncher(): MpiError {
  return new MpiError("launch", "no launcher is there to start ranks: run the program with tsmpi run");
}

/** Rank 0 asks the launcher; all ranks get its answer. Each first says where the new ranks reach it. */
export async function spawnTogether(
  peers: Peers,
  spawner: Spawner,
  wish: Wanted & Pick<SpawnWish, "context">,
): Promise<SpawnAnswer> {
  const mine = await spawner.address().catch((error: unknown) => ({ reason: messageOf(error) }));
  let known: readonly PeerAddress[] = [];
  try {
    const all = await collectives.allgather<PeerAddress | { reason: string }>(peers, mine);
    const asked = peers.rank === 0 ? await ask(spawner, wish, all) : undefined;
    const answer = (await collectives.bcast(peers, asked, 0)) as SpawnAnswer;
    if ("peers" in answer) known = answer.peers;
    return answer;
  } finally {
    if (!("reason" in mine)) spawner.know(known);
  }
}

async function ask(
  spawner: Spawner,
  wish: Wanted & Pick<SpawnWish, "context">,
  parents: readonly (PeerAddress | { reason: string })[],
): Promise<SpawnAnswer> {
  const unreached = parents.find((each) => "reason" in each);
  if (unreached !== undefined) return unreached;
  return spawner.ask({ ...wish, parents: parents as PeerAddress[] });
}
