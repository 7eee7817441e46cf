import { chmodSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { allocate } from "../../../../packages/launcher/src/hosts/allocate.ts";
import { lsf } from "../../../../packages/launcher/src/hosts/lsf/scheduler.ts";
import { sge } from "../../../../packages/launcher/src/hosts/sge/scheduler.ts";
import { parseLimit } from "../../../../packages/launcher/src/hosts/sge/walltime.ts";
import { startCommands } from "../../../../packages/launcher/src/hosts/starters.ts";
import { folder } from "../../../support/run-tsmpi.ts";

const none = { hosts: undefined, hostFile: undefined };
const failed = (printed: string, code: number) => ({ code, signal: null, printed });

beforeEach(() => {
  for (const name of ["PBS_JOBID", "PBS_NODEFILE", "SLURM_JOB_ID", "LSB_JOBID", "JOB_ID"]) vi.stubEnv(name, undefined);
  return () => vi.unstubAllEnvs();
});

/** The environment of a job script of SGE, with this PE_HOSTFILE. */
function stubSge(text?: string): void {
  vi.stubEnv("JOB_ID", "17");
  vi.stubEnv("SGE_TASK_ID", "undefined");
  vi.stubEnv("PE_HOSTFILE", text === undefined ? undefined : join(folder({ pe: text }), "pe"));
}

function stubLsf(variables: Record<string, string>): void {
  vi.stubEnv("LSB_JOBID", "18");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

const slotsOf = async () => (await allocate(none)).hosts.map(({ name, slots, here }) => [name, slots, here]);

describe("a job of SGE", () => {
  it("has the hosts and slots of PE_HOSTFILE; a host may have several queues", async () => {
    stubSge(`far1 2 all.q@far1 UNDEFINED\n${hostname()} 1 all.q@x UNDEFINED\nfar1 1 other.q@far1 <NULL>\n`);
    expect(await slotsOf()).toEqual([
      ["far1", 3, false],
      [hostname(), 1, true],
    ]);
  });

  it("without a parallel environment has one slot here", async () => {
    stubSge();
    expect(await slotsOf()).toEqual([[hostname(), 1, true]]);
  });

  it.each([
    ["far1\n", 'PE_HOSTFILE \\S+ has the line "far1", which is no host with its slots'],
    ["\n", "PE_HOSTFILE \\S+ names no host"],
  ])("whose PE_HOSTFILE is %j is an error that says so", async (text, words) => {
    stubSge(text);
    await expect(allocate(none)).rejects.toThrow(new RegExp(words));
  });

  it("with a file that cannot be read, too", async () => {
    stubSge("");
    vi.stubEnv("PE_HOSTFILE", "/no/such/file");
    await expect(allocate(none)).rejects.toThrow("PE_HOSTFILE is /no/such/file, which cannot be read: no such file");
  });

  // What qrsh 8.1.9 prints.
  it.each([
    [
      `error: executing task of job 5 failed: execution daemon on host "sa" didn't accept task\n`,
      "control_slaves TRUE",
    ],
    [
      "error: executing task of job 2 failed: failed sending task to execd@b: can't resolve host name\n",
      "can't resolve",
    ],
  ])("explains %j", (printed, words) => {
    const host = { name: "b", slots: 1, here: false };
    expect(sge.starter.explain(host, failed(printed, 1)).cause).toContain(words);
  });

  it("has the exit code of the agent otherwise", () => {
    expect(sge.starter.explain({ name: "b", slots: 1, here: false }, failed("", 71))).toEqual({ agentExit: 71 });
  });

  it.each([
    ["hard resource_list: h_rt=600\n", 600_000],
    ["job_number: 3\nhard resource_list:         h_vmem=1G,h_rt=3600,arch=x\n", 3_600_000],
    ["hard_resource_list:         h_rt=01:00:00\n", 3_600_000],
    ["hard resource_list: h_vmem=1G\n", undefined],
    ["hard resource_list: h_rt=INFINITY\n", undefined],
  ])("has the time that qstat -j tells: %j", (text, totalMs) => {
    expect(parseLimit(text)?.totalMs).toBe(totalMs);
  });
});

describe("a job of LSF", () => {
  it("has the hosts of LSB_DJOB_HOSTFILE, a slot for each line", async () => {
    const path = join(folder({ hosts: `far1\nfar1\n${hostname()}\n` }), "hosts");
    stubLsf({ LSB_DJOB_HOSTFILE: path, LSB_MCPU_HOSTS: "other 9" });
    expect(await slotsOf()).toEqual([
      ["far1", 2, false],
      [hostname(), 1, true],
    ]);
  });

  it("or of LSB_MCPU_HOSTS", async () => {
    stubLsf({ LSB_MCPU_HOSTS: "far1 2 far2 12 " });
    expect(await slotsOf()).toEqual([
      ["far1", 2, false],
      ["far2", 12, false],
    ]);
  });

  it("comes before SGE, whose variables may be there too", async () => {
    stubSge("far9 1 q@far9 x\n");
    stubLsf({ LSB_MCPU_HOSTS: "far1 2" });
    expect(await slotsOf()).toEqual([["far1", 2, false]]);
  });
});

describe.each([
  { scheduler: sge, tool: "qrsh", words: ["-inherit", "far2", "exec /bin/sh"] },
  { scheduler: lsf, tool: "blaunch", words: ["far2", "/bin/sh"] },
])("$tool", ({ scheduler, tool, words }) => {
  it("starts an agent on each host of the job, whose command it does not see", async () => {
    if (tool === "qrsh") stubSge("far1 1 q x\nfar2 1 q x\n");
    else stubLsf({ LSB_MCPU_HOSTS: "far1 1 far2 1" });
    const bin = folder({ [tool]: "" });
    vi.stubEnv("PATH", bin);
    chmodSync(join(bin, tool), 0o755);
    const { hosts } = await allocate(none);
    expect(hosts.every((host) => scheduler.starter.serves(host))).toBe(true);
    const remotes = hosts.map((host, node) => ({ node, host, starter: scheduler.starter }));
    const commands = startCommands(remotes, (node) => ["echo", `it's ${node}`], new Uint8Array(32));
    expect(commands.map(({ command }) => command.nodes)).toEqual([[0], [1]]);
    // Whether the way there is private is not known: no key goes along.
    expect(commands[1]!.command).toMatchObject({
      words: [join(bin, tool), ...words],
      input: `export TSMPI_AGENT_INPUT=held; exec echo 'it'\\''s 1'\n`,
      holdsInput: true,
    });
  });

  it("serves no host that is not the job's", () => {
    expect(scheduler.starter.serves({ name: "x", slots: 1, here: false })).toBe(false);
    expect(scheduler.starter.serves({ name: "x", slots: 1, here: false, place: {} })).toBe(false);
  });
});

it("ranks of another host get what is that host's own, unless the user has chosen it", () => {
  vi.stubEnv("JOB_ID", "17");
  vi.stubEnv("TMPDIR", "/tmp/17.b");
  const { task } = sge;
  const launcher = { TMPDIR: "/tmp/17.a", QUEUE: "a.q", NSLOTS: "4" };
  expect(task.variablesThere(launcher, ["TMPDIR", "QUEUE"], "")).toEqual({ TMPDIR: "/tmp/17.b", NSLOTS: "4" });
  expect(task.describe({ TMPDIR: "/mine" })).not.toContain("TMPDIR");
});

it("a slot is a CPU: ranks that share slots share these", async () => {
  stubSge("far1 2 q x\n");
  const [host] = (await allocate(none)).hosts;
  const occupied = (ranks: number[]) => ({ host: host!, ranks, cpusOfSlot: undefined });
  expect(await sge.grants.of([occupied([0]), occupied([0, 1, 2])])).toEqual([
    { cpus: 1, threads: 1 },
    { cpus: 2, threads: 1 },
  ]);
});
