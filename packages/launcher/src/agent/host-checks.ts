import { accessSync, constants, existsSync } from "node:fs";
import type { HostPlan } from "../link/messages.ts";
import { threadsLeft, threadsOfRank } from "../system/resource-limits.ts";
import { programOf, runsScripts } from "./rank-program.ts";

/** @throws Error when ranks cannot start in the directory, or would be killed at their start. */
export function checkHost(plan: HostPlan): void {
  for (const directory of new Set(plan.ranks.map((rank) => programOf(plan, rank).directory))) checkDirectory(directory);
  checkThreads(plan);
}

function checkDirectory(directory: string): void {
  if (!existsSync(directory)) throw new Error(`there is no directory ${directory} on this host (--wdir)`);
  try {
    accessSync(directory, constants.X_OK);
  } catch {
    throw new Error(`the directory ${directory} cannot be entered on this host (--wdir)`);
  }
}

/** A Node that cannot have its threads aborts without a message. */
function checkThreads(plan: HostPlan): void {
  const left = threadsLeft();
  const needed = plan.ranks.length * (runsScripts(plan) ? threadsOfRank : 1);
  if (left === undefined || left >= needed) return;
  throw new Error(
    `they need ${needed} threads on this host, and the limit of processes leaves ${left} (ulimit -u): raise it, end other processes, or run fewer ranks`,
  );
}
