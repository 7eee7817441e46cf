import { otherLauncher } from "@tsmpi/core/bootstrap";
import { afterEach, describe, expect, test, vi } from "vitest";
import { meaningOfExit } from "../../packages/launcher/src/hosts/agent-exits.ts";
import { hostVariables } from "../../packages/launcher/src/hosts/slurm/host-variables.ts";
import { slurmJob } from "../../packages/launcher/src/hosts/slurm/job.ts";
import { SlurmNode } from "../../packages/launcher/src/hosts/slurm/slurm-node.ts";
import { srun } from "../../packages/launcher/src/hosts/slurm/starter.ts";
import { findTool } from "../../packages/launcher/src/hosts/tools.ts";
import { unusedSchedulers } from "../../packages/launcher/src/hosts/unused-schedulers.ts";
import { readPage } from "./rows.ts";

const page = readPage("slurm.md");

/** The first cells of the table below a heading. */
function firstCells(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return [...section.matchAll(/^\| (.*?) \|/gm)].map(([, cell]) => cell!).slice(2);
}

test("docs/slurm.md names all variables that each host has of its own", () => {
  const named = firstCells("Variables").flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual([...hostVariables.perHost, ...hostVariables.perHostUnlessChosen].sort());
});

const messageOf = (action: () => unknown): string => {
  try {
    return String(action());
  } catch (error) {
    return (error as Error).message;
  }
};

/** What prints each message of the page's table. */
const sources: Record<string, () => unknown> = {
  "srun started this command 4 times": () => {
    const task = { SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "4", SLURM_STEP_ID: "0" };
    const { launcher, processes } = otherLauncher(task)!;
    return `${launcher} started this command ${processes} times`;
  },
  "SLURM_JOB_NODELIST is not set": () => slurmJob({ SLURM_JOB_ID: "17" }),
  "which is for 1 hosts, but SLURM_JOB_NODELIST": () =>
    slurmJob({ SLURM_JOB_ID: "17", SLURM_JOB_NODELIST: "n[1-2]", SLURM_TASKS_PER_NODE: "4" }),
  "srun was not found": () => {
    vi.stubEnv("PATH", "/nowhere");
    return findTool("srun", { places: [], scheduler: "Slurm", purpose: "it starts the agents" });
  },
  "Slurm gives no step there": () => {
    const place = new SlurmNode({ name: "n1", index: 0, tasks: 1, cpus: 1, group: undefined });
    const printed = "srun: error: Unable to create step for job 17: Requested node configuration is not available\n";
    return srun.explain({ name: "n1", slots: 1, here: false, place }, { code: 1, signal: null, printed }).cause;
  },
  "srun still waits for this host": () => `${srun.name} still waits for this host: ${srun.hangs}`,
  "Slurm job 17 is not used": () => {
    vi.stubEnv("SLURM_JOB_ID", "17");
    const options = { hosts: [{ name: "far", slots: 1 }], hostFile: undefined };
    return unusedSchedulers(options, { hosts: [], granted: true, source: "--hosts" });
  },
  "no key": () => meaningOfExit(65, { node: "", tsmpi: "", noKey: "" }),
};

afterEach(() => void vi.unstubAllEnvs());

describe("a message of docs/slurm.md", () => {
  const messages = firstCells("When something goes wrong").map((cell) => cell.replaceAll("`", ""));

  test.each(messages)("is what tsmpi says: %s", (message) => {
    expect(Object.keys(sources)).toContain(message);
    expect(messageOf(sources[message]!)).toContain(message);
  });
});
