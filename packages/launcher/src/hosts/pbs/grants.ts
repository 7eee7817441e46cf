import type { Granted } from "../../link/messages.ts";
import { sameHost } from "../../system/this-host.ts";
import type { Host } from "../host.ts";
import type { Placement } from "../placement.ts";
import { type Chunk, chunksOf, jobStatus } from "./status.ts";

/** A host with its ranks, and what PBS told the agent there of its line of the node file. */
export type Tenant = Placement["nodes"][number] & { cpusOfLine: number | undefined };

/**
 * What PBS has given the job on each host. Which part of it belongs to a line cannot be seen there: NCPUS is the CPUs of the
 * whole chunk on each of its lines (`ncpus=8:mpiprocs=8`), or `ompthreads`. So the server is asked, but only where its
 * answer makes a difference: never for chunks of one CPU with a rank on each line.
 */
export async function grantsFor(tenants: readonly Tenant[]): Promise<(Granted | undefined)[]> {
  const status = await askWhereUnclear(tenants);
  const chunks = status === undefined ? [] : chunksOf(status);
  return tenants.map((tenant) => grantOf(tenant, chunks));
}

/** Asks the server, where it will be needed. Its answer takes as long as an agent's start: a tenth of a second. */
export async function askWhereUnclear(tenants: readonly Tenant[]): Promise<string | undefined> {
  const { PBS_JOBID: job } = process.env;
  return job !== undefined && tenants.some(isUnclear) ? jobStatus(job) : undefined;
}

/** The same, where only the launcher's own host is known. */
export function grantOf(tenant: Tenant, chunks: readonly Chunk[] = []): Granted | undefined {
  const { host, cpusOfLine: threads } = tenant;
  if (host.lines === undefined || threads === undefined) return undefined;
  const lines = linesUsed(tenant);
  const all = cpusOf(host, chunks);
  const cpus = all === undefined ? threads * lines : Math.max(1, Math.floor((all * lines) / host.lines));
  return { cpus, threads };
}

/** Whether ranks share slots, and have no CPU each either. */
export function isCrowded({ host, ranks }: Placement["nodes"][number], granted: Granted | undefined): boolean {
  return ranks.length > host.slots && ranks.length > (granted?.cpus ?? 0);
}

function isUnclear(tenant: Tenant): boolean {
  const { ranks, host, cpusOfLine } = tenant;
  if (host.lines === undefined || cpusOfLine === undefined) return false;
  return ranks.length > linesUsed(tenant) || (cpusOfLine > 1 && (ranks.length > 1 || host.lines > 1));
}

/** An edited node file may name a host less often than PBS's own, or more often. */
function linesUsed({ host, ranks }: Tenant): number {
  return Math.min(host.lines ?? 1, host.slots, ranks.length);
}

function cpusOf({ name }: Host, chunks: readonly Chunk[]): number | undefined {
  const own = chunks.filter(({ host }) => sameHost(host, name));
  if (own.length === 0 || own.some(({ cpus }) => cpus === undefined)) return undefined;
  return own.reduce((sum, { cpus }) => sum + cpus!, 0);
}
