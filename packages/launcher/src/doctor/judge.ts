import { checkLinks, checks, type Finding } from "./checks.ts";
import type { Facts, ProbedHost } from "./facts.ts";
import { table } from "./table.ts";

/** The report of `tsmpi doctor`. */
export interface Verdict {
  table: string;
  /** A sentence each, with the host's name. A job would fail, or do what no user expects. */
  problems: string[];
  /** Odd, but a job runs. */
  notes: string[];
}

/** Checks each host of a job, and compares it with the first one that answered. */
export function judge(hosts: readonly ProbedHost[], directory: string): Verdict {
  const verdict: Verdict = { table: table(hosts), problems: [], notes: [] };
  const first = hosts.find(({ facts }) => facts !== undefined)?.facts;
  for (const [rank, host] of hosts.entries()) {
    for (const finding of findingsOf(host, rank, { hosts, first, directory })) {
      if ("wrong" in finding) verdict.problems.push(`${host.name}: ${finding.wrong}`);
      else verdict.notes.push(`${host.name}: ${finding.odd}`);
    }
  }
  return verdict;
}

function findingsOf(
  { slots, facts, links, complaint, cause }: ProbedHost,
  rank: number,
  { hosts, first, directory }: { hosts: readonly ProbedHost[]; first: Facts | undefined; directory: string },
): Finding[] {
  if (cause !== undefined) return [{ wrong: cause }];
  if (facts === undefined || first === undefined)
    return [{ wrong: `nothing was heard from this host${complaint === undefined ? "" : `: ${complaint}`}` }];
  const allSlots = hosts.reduce((sum, host) => sum + host.slots, 0);
  return [
    ...checks.flatMap((check) => [...check({ facts, slots, allSlots, first, directory })]),
    ...checkLinks(hosts, rank, links),
  ];
}
