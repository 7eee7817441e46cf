import { chmodSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Host } from "../../../../../packages/launcher/src/hosts/host.ts";
import { SlurmNode } from "../../../../../packages/launcher/src/hosts/slurm/slurm-node.ts";
import { srun } from "../../../../../packages/launcher/src/hosts/slurm/starter.ts";
import type { NodeTable } from "../../../../../packages/launcher/src/hosts/starter.ts";
import { folder } from "../../../../support/run-tsmpi.ts";

function host(name: string, index: number, group?: number): Host {
  const place = new SlurmNode({ name, index, tasks: 1, cpus: 1, group });
  return { name, slots: 1, here: false, place };
}

const there = (table: number | NodeTable): string[] => {
  const { nodes, variable } = table as NodeTable;
  return ["agent", `${nodes.join(",")}@${variable}`];
};
const withOption = (words: readonly string[], name: string): string | undefined =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

beforeEach(() => {
  const bin = folder({ srun: "#!/bin/sh\n" });
  chmodSync(join(bin, "srun"), 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
  vi.stubEnv("SLURM_JOB_ID", "17");
  return () => vi.unstubAllEnvs();
});

describe("srun", () => {
  it("starts all agents at once, and counts them in Slurm's order, whatever the order of the ranks", () => {
    const targets = [host("node3", 2), host("node2", 1), host("node9", 8)].map((each, node) => ({ node, host: each }));
    const [command, ...more] = srun.commands(targets, there);
    expect(more).toEqual([]);
    const { words, nodes, ownGroup } = command!;
    expect(words[0]).toMatch(/\/srun$/);
    expect(words.slice(1, 6)).toEqual([
      "--jobid=17",
      "--nodes=3",
      "--ntasks=3",
      "--ntasks-per-node=1",
      "--nodelist=node2,node3,node9",
    ]);
    expect(words).toEqual(expect.arrayContaining(["--overlap", "--mem=0", "--export=ALL", "--input=none"]));
    expect(words.slice(words.indexOf("--"))).toEqual(["--", "agent", "1,0,2@SLURM_NODEID"]);
    expect({ nodes, ownGroup }).toEqual({ nodes: [1, 0, 2], ownGroup: true });
  });

  it("takes one command for each component of a heterogeneous job", () => {
    const targets = [host("a1", 0, 0), host("b1", 1, 1), host("b2", 2, 1)].map((each, node) => ({ node, host: each }));
    const commands = srun.commands(targets, there);
    expect(
      commands.map(({ words, nodes }) => [withOption(words, "het-group"), withOption(words, "nodelist"), nodes]),
    ).toEqual([
      ["0", "a1", [0]],
      ["1", "b1,b2", [1, 2]],
    ]);
  });

  it("begins without variables that it would take for options, and without what is the ranks'", () => {
    const dropped = ["SLURM_CPU_BIND", "SLURM_EXPORT_ENV", "SLURM_NTASKS", "SRUN_CPUS_PER_TASK", "SLURMD_NODENAME"];
    for (const name of [...dropped, "NODE_OPTIONS", "TSMPI_AGENT"]) vi.stubEnv(name, "x");
    for (const name of ["SLURM_CONF", "MODULEPATH"]) vi.stubEnv(name, "kept");
    const [{ environment } = {}] = srun.commands([{ node: 1, host: host("node2", 1) }], there);
    expect(Object.keys(environment!).filter((name) => /^(SLURM|SRUN|TSMPI|NODE_OPT)/.test(name))).toEqual([
      "SLURM_CONF",
    ]);
    expect(environment).toMatchObject({ SLURM_CONF: "kept", MODULEPATH: "kept", PATH: process.env["PATH"] });
  });

  it("does not serve hosts that are not the job's", () => {
    expect(srun.serves({ name: "far", slots: 1, here: false })).toBe(false);
    expect(srun.serves(host("node2", 1))).toBe(true);
  });
});

describe("what srun prints", () => {
  const noise = "srun: cluster configuration lacks support for cpu binding\n";
  const explain = (name: string, printed: string) =>
    srun.explain(host(name, 1), { code: 71, signal: null, printed: noise + printed });

  it.each([
    ["an exit code", "srun: error: node2: task 0: Exited with exit code 71", { agentExit: 71 }],
    ["one for several hosts", "srun: error: node[1-3]: tasks 0-2: Exited with exit code 65", { agentExit: 65 }],
    ["a signal", "srun: error: node2: task 1: Killed", { agentExit: 137 }],
    ["a trap of V8", "srun: error: node2: task 1: Trace/breakpoint trap (core dumped)", { agentExit: 133 }],
    [
      "a host that does not answer",
      "srun: error: Task launch for StepId=17.0 failed on node node2: Communication connection failure",
      { cause: "Slurm cannot start a task there: Communication connection failure" },
    ],
    [
      "a step that is refused",
      "srun: error: Unable to create step for job 17: Requested node configuration is not available",
      { cause: "Slurm gives no step there: Requested node configuration is not available" },
    ],
    [
      "a controller that does not answer",
      "srun: error: Unable to confirm allocation for job 17: Unable to contact slurm controller (connect failure)",
      {
        cause:
          "srun failed: Unable to confirm allocation for job 17: Unable to contact slurm controller (connect failure)",
      },
    ],
    ["nothing", "", {}],
  ])("says %s of a host", (_, printed, expected) => {
    expect(explain("node2", `${printed}\n`)).toEqual(expected);
  });

  it("says nothing of a host while srun runs on and has told of another one", () => {
    const printed = "srun: error: node3: task 0: Exited with exit code 71\n";
    expect(srun.explain(host("node2", 1), { code: null, signal: null, printed })).toEqual({});
  });
});
