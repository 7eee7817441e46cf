import type { Granted } from "../../link/messages.ts";
import { sameHost } from "../../system/this-host.ts";
import type { Grants, OccupiedHost } from "../scheduler.ts";
import { idleCpus } from "./idle-cpus.ts";
import { linesOfHost } from "./node-file-lines.ts";
import { type Chunk, chunksOf, jobStatus } from "./status.ts";

/**
 * The CPUs that PBS gave the job on each host. Which part belongs to a line of the node file cannot be seen on the host:
 * NCPUS is the CPUs of the whole chunk on each of its lines (`ncpus=8:mpiprocs=8`), or `ompthreads`. So the server is
 * asked, but only where its answer makes a difference: never for chunks of one CPU with a rank on each line.
 */
export const grants: Grants = {
  // The answer takes as long as an agent's start: a tenth of a second.
  prepare: (hosts) => void askWhereUnclear(hosts),
  of: async (hosts) => {
    const status = await askWhereUnclear(hosts);
    const chunks = status === undefined ? [] : chunksOf(status);
    return hosts.map((host) => grantOf(host, chunks));
  },
  here: (host) => grantOf(host),
  idleCpus,
};

async function askWhereUnclear(hosts: readonly OccupiedHost[]): Promise<string | undefined> {
  const { PBS_JOBID: job } = process.env;
  return job !== undefined && hosts.some(isUnclear) ? jobStatus(job) : undefined;
}

/** Without `chunks`, as far as the host's own NCPUS tells. */
export function grantOf(occupied: OccupiedHost, chunks: readonly Chunk[] = []): Granted | undefined {
  const { host, cpusOfSlot: threads } = occupied;
  const own = linesOfHost(host);
  if (own === undefined || threads === undefined) return undefined;
  const lines = linesUsed(occupied);
  const all = cpusOf(host.name, chunks);
  const cpus = all === undefined ? threads * lines : Math.max(1, Math.floor((all * lines) / own.count));
  return { cpus, threads };
}

function isUnclear(occupied: OccupiedHost): boolean {
  const { ranks, host, cpusOfSlot } = occupied;
  const own = linesOfHost(host);
  if (own === undefined || cpusOfSlot === undefined) return false;
  return ranks.length > linesUsed(occupied) || (cpusOfSlot > 1 && (ranks.length > 1 || own.count > 1));
}

/** An edited node file may name a host less often than PBS's own, or more often. */
function linesUsed({ host, ranks }: OccupiedHost): number {
  return Math.min(linesOfHost(host)?.count ?? 1, host.slots, ranks.length);
}

function cpusOf(name: string, chunks: readonly Chunk[]): number | undefined {
  const own = chunks.filter(({ host }) => sameHost(host, name));
  if (own.length === 0 || own.some(({ cpus }) => cpus === undefined)) return undefined;
  return own.reduce((sum, { cpus }) => sum + cpus!, 0);
}
