import { hostname } from "node:os";
import { beforeEach, expect, it, vi } from "vitest";
import { allocate } from "../../../../packages/launcher/src/hosts/allocate.ts";
import { unusedSchedulers } from "../../../../packages/launcher/src/hosts/unused-schedulers.ts";
import { folder } from "../../../support/run-tsmpi.ts";

const none = { hosts: undefined, hostFile: undefined };

/** What a job of Slurm has in its environment. */
function stubSlurm(): void {
  vi.stubEnv("SLURM_JOB_ID", "17");
  vi.stubEnv("SLURM_JOB_NODELIST", "far[1-2]");
  vi.stubEnv("SLURM_TASKS_PER_NODE", "2(x2)");
}

beforeEach(() => {
  for (const name of ["PBS_JOBID", "PBS_NODEFILE", "PBS_JOBCOOKIE", "SLURM_JOB_ID"]) vi.stubEnv(name, undefined);
  return () => vi.unstubAllEnvs();
});

it("says nothing of the scheduler that is used, and nothing outside jobs", async () => {
  expect(unusedSchedulers(none, await allocate(none))).toEqual([]);
  stubSlurm();
  const allocation = await allocate(none);
  expect(allocation.hosts.map(({ name, slots }) => [name, slots])).toEqual([
    ["far1", 2],
    ["far2", 2],
  ]);
  expect(unusedSchedulers(none, allocation)).toEqual([]);
});

it("uses Slurm where PBS_JOBID is Slurm's own", async () => {
  stubSlurm();
  vi.stubEnv("PBS_JOBID", "17"); // spank_pbs
  vi.stubEnv("PBS_NODEFILE", "/no/such/file"); // the script's
  expect((await allocate(none)).source).toBe("SLURM_TASKS_PER_NODE (job 17)");
});

it("uses PBS before Slurm, and says so", async () => {
  stubSlurm();
  const nodes = `${folder({ nodes: `${hostname()}\n` })}/nodes`;
  vi.stubEnv("PBS_JOBID", "4.head");
  vi.stubEnv("PBS_JOBCOOKIE", "x");
  vi.stubEnv("PBS_NODEFILE", nodes);
  expect(unusedSchedulers(none, await allocate(none))).toEqual([
    `Slurm job 17 is not used, because the hosts come from PBS_NODEFILE ${nodes}: to use it, unset PBS_JOBID PBS_NODEFILE before tsmpi`,
  ]);
});

it("says that the hosts that a user names are not the job's", async () => {
  stubSlurm();
  const options = { hosts: [{ name: "localhost", slots: 2 }], hostFile: undefined };
  expect(unusedSchedulers(options, await allocate(options))).toEqual([
    "Slurm job 17 is not used, because the hosts come from --hosts: to use it, leave --hosts out",
  ]);
  const own = { ...options, hosts: [{ name: "far2", slots: 1 }] };
  expect(unusedSchedulers(own, await allocate(own))).toEqual([]);
});
