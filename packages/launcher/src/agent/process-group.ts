import { existsSync, readFileSync } from "node:fs";
import type { HostPlan } from "../link/messages.ts";
import { runsScripts } from "./rank-program.ts";

/**
 * How a rank and its children are set apart from other processes, so that a signal reaches only them.
 *
 * | | process group | session | made by |
 * | --- | --- | --- | --- |
 * | `session` | its own | its own | Node, when it starts the rank |
 * | `group` | its own | its agent's | a small program that the rank's command is given to |
 * | `none` | its agent's | its agent's | |
 *
 * `none` under a scheduler that ends and signals sessions (PBS): a process that leaves its session is out of its reach.
 *
 * `group` where ranks outnumber CPUs. A kernel that shares CPU time among sessions first (autogroups, as on Debian and
 * Ubuntu) lets a rank that yields (`sched_yield`) yield only within its session, which has no other rank. Collectives of 8
 * ranks on 2 CPUs took twice as long.
 */
export type Apart = "session" | "group" | "none";

/** For the ranks of a host that share `cpus` CPUs and may leave their agent's session. */
export function howApart(plan: Pick<HostPlan, "ranks" | "programs" | "environment">, cpus: number): Apart {
  if (plan.ranks.length <= cpus || !runsScripts(plan) || !timeGoesToSessions()) return "session";
  const { PERL5OPT: options, PERL_BADLANG: complaints } = plan.environment; // perl would obey them
  return existsSync(perl) && options === undefined && complaints === undefined ? "group" : "session";
}

const perl = "/usr/bin/perl";
const lead = "setpgrp; delete $ENV{PERL_BADLANG}; exec {$ARGV[0]} @ARGV; exit 127";

/** The command that runs `file` as the leader of a process group, in the session that it is started in. Costs 2 ms. */
export function leadingGroup(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): { file: string; args: string[]; environment: Record<string, string> } {
  // Else perl would warn on the rank's stderr about a locale that this host does not have.
  return { file: perl, args: ["-e", lead, file, ...args], environment: { ...environment, PERL_BADLANG: "0" } };
}

function timeGoesToSessions(): boolean {
  try {
    return readFileSync("/proc/sys/kernel/sched_autogroup_enabled", "latin1").trim() === "1";
  } catch {
    return false;
  }
}
