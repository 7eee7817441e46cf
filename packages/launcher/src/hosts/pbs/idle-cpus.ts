import { env } from "@tsmpi/core/bootstrap";
import type { RunOptions } from "../../command/options.ts";
import { count } from "../../reports/table.ts";
import type { Allocation } from "../host.ts";
import { cpusOfLine, pbsChoseThreads } from "./environment.ts";
import { jobStatus, selectOf } from "./status.ts";

/**
 * A sentence for a job whose chunks have several CPUs and one slot, `select=1:ncpus=8`, and which runs one rank on each
 * chunk because nobody has said how many. Undefined where threads or slots were asked for, or the user has said it.
 */
export async function idleCpus(options: RunOptions, { hosts, notes }: Allocation): Promise<string | undefined> {
  const { PBS_JOBID: job } = process.env;
  const cpus = cpusOfLine() ?? 1;
  const chosen = options.ranks !== undefined || options.hosts !== undefined || notes !== undefined;
  const threaded = !pbsChoseThreads() || options.environment["OMP_NUM_THREADS"] !== undefined;
  if (job === undefined || cpus === 1 || chosen || threaded || options.isCommand) return undefined;
  if (process.env[env.rank] !== undefined) return undefined;
  const slots = hosts.reduce((sum, host) => sum + host.slots, 0);
  const status = await jobStatus(job);
  const select = status === undefined ? undefined : selectOf(status);
  if (select === undefined ? slots > 1 : /:(mpiprocs|ompthreads)=/.test(select)) return undefined;
  const ways = `${slots === 1 ? `tsmpi run -n ${cpus}, or ` : ""}mpiprocs=${cpus} in the select line, for a rank on each CPU, or ompthreads=${cpus} if the CPUs are for threads`;
  return `${count(slots, "rank")} started, ${slots === 1 ? "because the job has one slot, although its chunk has" : "one for each chunk, although a chunk has"} ${cpus} CPUs: write ${ways}`;
}
