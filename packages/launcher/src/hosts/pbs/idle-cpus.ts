import { env } from "@tsmpi/core/bootstrap";
import type { RunOptions } from "../../command/options.ts";
import { count } from "../../reports/table.ts";
import type { Allocation } from "../host.ts";
import { jobStatus, selectOf } from "./status.ts";
import { cpusOfSlot, pbsChoseThreads } from "./task.ts";

/**
 * A warning for a job whose chunks have several CPUs and one slot each, as in `select=1:ncpus=8`, and which runs one rank
 * on each chunk because no number of ranks was given. Undefined where the user asked for threads, slots or ranks.
 */
export async function idleCpus(options: RunOptions, { hosts, notes }: Allocation): Promise<string | undefined> {
  const { PBS_JOBID: job } = process.env;
  const cpus = cpusOfSlot() ?? 1;
  const chosen = options.ranks !== undefined || options.hosts !== undefined || notes !== undefined;
  const threaded = !pbsChoseThreads() || options.environment["OMP_NUM_THREADS"] !== undefined;
  if (job === undefined || cpus === 1 || chosen || threaded || options.isCommand) return undefined;
  if (process.env[env.rank] !== undefined) return undefined;
  const slots = hosts.reduce((sum, host) => sum + host.slots, 0);
  const status = await jobStatus(job);
  const select = status === undefined ? undefined : selectOf(status);
  if (select === undefined ? slots > 1 : /:(mpiprocs|ompthreads)=/.test(select)) return undefined;
  const single = slots === 1;
  const ways = `${single ? `tsmpi run -n ${cpus}, or ` : ""}mpiprocs=${cpus} in the select line, for a rank on each CPU, or ompthreads=${cpus} if the CPUs are for threads`;
  const why = single
    ? "because the job has one slot, although its chunk has"
    : "one for each chunk, although a chunk has";
  return `${count(slots, "rank")} started, ${why} ${cpus} CPUs: write ${ways}`;
}
