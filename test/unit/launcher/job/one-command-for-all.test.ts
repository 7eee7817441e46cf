import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import type { CommandStarter } from "../../../../packages/launcher/src/hosts/starter.ts";
import { RemoteAgents } from "../../../../packages/launcher/src/job/remote-agents.ts";
import { RollCall } from "../../../../packages/launcher/src/reports/launch-stages.ts";
import { folder } from "../../../support/run-tsmpi.ts";

/**
 * A stand-in for Slurm's srun: one command runs a program once on each of several hosts, in the order in which they are
 * given, with a variable that counts them and the same input for all. It ends with the highest exit code, after a line
 * for each host that failed. When it is killed, its tasks are too.
 */
const fakeSrun = `#!/bin/bash
hosts=(\${1//,/ }); shift 2
input=$(cat)
trap 'kill $(jobs -p); exit 143' TERM
for index in "\${!hosts[@]}"; do
  FAKE_NODEID=$index FAKE_INPUT=$input "$@" < /dev/null &
  tasks[index]=$!
done
highest=0
for index in "\${!hosts[@]}"; do
  wait "\${tasks[index]}"
  code=$?
  [ $code = 0 ] || echo "error: \${hosts[index]}: exited with code $code" >&2
  [ $code -le $highest ] || highest=$code
done
exit $highest
`;

/** The starter that a scheduler of that kind would have: all that differs from pbsdsh is said here. */
function starterOf(srun: string): CommandStarter & { asked: string[][] } {
  const asked: string[][] = [];
  return {
    asked,
    kind: "command",
    name: "fake-srun",
    serves: () => true,
    onceConnected: "keep",
    endSignal: "SIGTERM",
    hangs: "the host or its slurmd hangs",
    commands: (targets, there) => {
      asked.push(targets.map(({ host }) => host.name));
      const nodes = targets.map(({ node }) => node);
      const list = targets.map(({ host }) => host.name).join(",");
      const words = [srun, list, "--", ...there({ nodes, variable: "FAKE_NODEID" })];
      return [{ words, nodes, environment: { ...process.env, FAKE: "1" }, input: "for all\n", ownGroup: true }];
    },
    explain: ({ name }, { code, printed }) => {
      const own = new RegExp(`^error: ${name}: exited with code (\\d+)$`, "m").exec(printed)?.[1];
      return own === undefined && code === null ? {} : { agentExit: Number(own ?? code) };
    },
    isRefusal: ({ printed }) => printed.includes("too many"),
    describePlace: ({ name }) => `node ${name} of the job`,
  };
}

/** Three hosts of a job of four, all of them this machine: their names stand for no address. */
function launchOn(names: readonly string[], script = fakeSrun) {
  vi.stubEnv("HOME", folder());
  onTestFinished(() => void vi.unstubAllEnvs());
  const srun = join(folder({ srun: script }), "srun");
  chmodSync(srun, 0o755);
  const starter = starterOf(srun);
  const remotes = names.map((name, index) => ({ node: index + 1, host: { name, slots: 1, here: false }, starter }));
  const roll = new RollCall(["head", ...names]);
  const logs: string[] = [];
  const agents = RemoteAgents.start({
    job: "job",
    remotes,
    hosts: ["head", ...names],
    only: undefined,
    ports: undefined,
    deadlineMs: 20_000,
    node: undefined,
    here: "head",
    roll,
    log: (text) => logs.push(text),
  });
  return { agents, starter, logs };
}

it("starts the agents of all hosts with one command, which lives as long as they do", async () => {
  const { agents: starting, starter, logs } = launchOn(["a.invalid", "b.invalid", "c.invalid"]);
  const agents = await starting;
  expect(starter.asked).toEqual([["a.invalid", "b.invalid", "c.invalid"]]);
  expect([1, 2, 3].map((node) => agents.agent(node).hello.node)).toEqual([1, 2, 3]);
  expect(new Set([1, 2, 3].map((node) => agents.agent(node).hello.pid)).size).toBe(3);
  expect(logs.filter((line) => line.includes("srun"))).toHaveLength(1);
  const ended = [1, 2, 3].map(
    (node) => new Promise((lost) => agents.agent(node).link.receive({ message: () => {}, lost })),
  );
  for (const node of [1, 2, 3]) process.kill(agents.agent(node).hello.pid, "SIGKILL");
  await Promise.all(ended);
});

it("a command that its host turned away is run again", async () => {
  const flag = join(folder(), "flag");
  const second = fakeSrun.replace(
    "hosts=",
    `[ -e ${flag} ] || { touch ${flag}; echo too many >&2; exit 255; }\nhosts=`,
  );
  const { agents: starting, logs } = launchOn(["a.invalid"], second);
  const agents = await starting;
  expect(logs).toContain("fake-srun was refused (too many), and is tried again");
  const ended = new Promise((lost) => agents.agent(1).link.receive({ message: () => {}, lost }));
  process.kill(agents.agent(1).hello.pid, "SIGKILL");
  await ended;
});

it("tells of each host the exit code of its own agent", async () => {
  const failing = fakeSrun.replace(
    'FAKE_INPUT=$input "$@"',
    'FAKE_INPUT=$input sh -c \'[ "$FAKE_INPUT" = "for all" ] && exit $((71 + FAKE_NODEID))\'',
  );
  const { agents } = launchOn(["a.invalid", "b.invalid"], failing);
  const error = (await agents.catch((reason: unknown) => reason)) as Error & { causes: ReadonlyMap<string, string> };
  expect(error.causes.get("a.invalid")).toMatch(/^node was not found there/);
  expect(error.causes.get("b.invalid")).toMatch(/^tsmpi was not found there/);
  expect(error.message).toContain("fake-srun ended with 72: error: a.invalid: exited with code 71");
});
