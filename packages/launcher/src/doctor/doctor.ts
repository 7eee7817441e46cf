import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makePrivateDirectory } from "../agent/job-directory.ts";
import type { RunOptions } from "../command/options.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import { HostsError, type LaunchError, reasonOf } from "../errors/launch-error.ts";
import { allocate } from "../hosts/allocate.ts";
import type { Allocation, Host } from "../hosts/host.ts";
import { schedulers } from "../hosts/schedulers.ts";
import { walltimeObstacle } from "../hosts/walltime.ts";
import { run } from "../job/run.ts";
import { count } from "../reports/table.ts";
import { agentMark, Guardian } from "../system/guardian.ts";
import { builtFile } from "../system/package-files.ts";
import type { Facts, Links, ProbedHost } from "./facts.ts";
import { judge } from "./judge.ts";

const limitMs = 120_000;

/**
 * `tsmpi doctor`: runs a probe on each host of the job, as a rank, and prints a table and a verdict. Exit code 0 if all is well,
 * 1 if something is wrong or keeps agents from starting.
 */
export async function doctor(options: RunOptions): Promise<number> {
  const problems: string[] = [];
  const lines: string[] = [];
  try {
    const found = await allocate(options);
    const { hosts, source, granted } = found;
    const mark = hosts.length > 1 ? leaveMark(options.directory) : ".";
    const results = makePrivateDirectory([tmpdir(), "/tmp", "/var/tmp", "/dev/shm"]);
    removeAtEnd([results, ...(mark === "." || mark === "" ? [] : [join(options.directory, mark)])]);
    const { code, seen, causes } = await probeAll(options, found, mark, results);
    if (interruptions.has(code)) return code;
    if (code !== 0) problems.push("the hosts do not run a job together; what went wrong has been told on stderr");
    const {
      table,
      notes,
      problems: more,
    } = judge([...probedHosts(seen, results), ...hosts.flatMap((host) => unseen(host, causes))], options.directory);
    problems.push(...more);
    lines.push(`${count(hosts.length, "host")}, slots from ${source}, directory ${options.directory}`, table, "");
    lines.push(...[...(found.notes ?? []), ...notes].map((text) => `note: ${text}`));
    const obstacle = await walltimeObstacle(options.walltimeMs);
    if (obstacle !== undefined) lines.push(`note: ${obstacle}`);
    if (!granted) lines.push(severalHosts());
  } catch (error) {
    problems.push(reason(error));
  }
  lines.push(...problems.map((text) => `wrong: ${text}`));
  lines.push(problems.length === 0 ? "All is well." : "Something is wrong.");
  await new Promise<void>((resolve) => process.stdout.write(`${lines.join("\n")}\n`, () => resolve()));
  return problems.length === 0 ? exitCodes.success : exitCodes.failure;
}

const interruptions: ReadonlySet<number> = new Set([exitCodes.interrupted, exitCodes.terminated]);

interface Probed {
  code: number;
  /** Hosts whose probe ran. */
  seen: Host[];
  /** Why no probe ran on the others, by name. */
  causes: Map<string, string>;
}

/** Probes all hosts that can be reached. A host that cannot keeps the job from starting, so the next try leaves it out. */
async function probeAll(options: RunOptions, found: Allocation, mark: string, results: string): Promise<Probed> {
  const causes = new Map<string, string>();
  for (;;) {
    const seen = found.hosts.filter(({ name }) => !causes.has(name));
    if (seen.length === 0) return { code: 0, seen, causes };
    try {
      const code = await probe(options, { ...found, hosts: seen }, mark, results);
      return { code, seen, causes };
    } catch (error) {
      if (!(error instanceof HostsError) || error.causes.size === 0) throw error;
      for (const [name, cause] of error.causes) causes.set(name, cause);
    }
  }
}

function unseen({ name, slots }: Host, causes: ReadonlyMap<string, string>): ProbedHost[] {
  const cause = causes.get(name);
  return cause === undefined ? [] : [{ name, slots, cause }];
}

/** Runs one rank on each host. Its output goes to files in `results`. */
function probe(options: RunOptions, { hosts, source }: Allocation, mark: string, results: string): Promise<number> {
  const probing: RunOptions = {
    ...options,
    script: fileURLToPath(builtFile("doctor-probe.js")),
    args: [options.directory, mark],
    directory: "/", // every host has it; the probe reports hosts without the launcher's directory
    outputDirectory: results,
    timeoutMs: options.timeoutMs ?? limitMs,
    keepGoing: true,
  };
  return run(probing, { hosts: hosts.map((host) => ({ ...host, slots: 1 })), granted: true, source });
}

/** What keeps a job from starting is a finding; a command line that makes no sense is none. */
function reason(error: unknown): string {
  if ((error as Partial<LaunchError>).exitCode === exitCodes.usage) throw error;
  return reasonOf(error);
}

function severalHosts(): string {
  const ways = [...schedulers, { name: "ssh", howTo: "--hosts a:4,b:4 or --hostfile FILE names the hosts" }].map(
    ({ name, howTo }) => `  ${name}: ${howTo}`,
  );
  return `\
This is one machine: no batch job is around it. Several hosts need one of these:
${ways.join("\n")}
Node and tsmpi are at the same place on all hosts, and so should be the directory. Run tsmpi doctor within a job to see
whether it is so.
`;
}

/** Removes these paths at the end, even if this process is killed. */
function removeAtEnd(paths: readonly string[]): void {
  const mark = agentMark({ job: randomBytes(8).toString("hex"), node: "launcher" });
  const guardian = new Guardian({ mark, directories: paths });
  process.once("exit", () => {
    for (const path of paths) rmSync(path, { recursive: true, force: true });
    guardian.dismiss();
  });
}

/** Writes a file by which other hosts recognise this directory. Returns its name; "" if it cannot be written. */
function leaveMark(directory: string): string {
  const name = `.tsmpi-doctor-${randomBytes(8).toString("hex")}`;
  try {
    writeFileSync(join(directory, name), "", { flag: "wx" });
    return name;
  } catch {
    return "";
  }
}

function probedHosts(hosts: readonly Host[], results: string): ProbedHost[] {
  const digits = String(hosts.length - 1).length;
  return hosts.map(({ name, slots }, rank): ProbedHost => {
    const read = (extension: string): string => {
      try {
        return readFileSync(join(results, `rank.${String(rank).padStart(digits, "0")}.${extension}`), "utf8").trim();
      } catch {
        return ""; // it was never started
      }
    };
    const [facts, links] = read("out").split("\n");
    const complaint = read("err").split("\n")[0];
    return {
      name,
      slots,
      ...(facts ? { facts: JSON.parse(facts) as Facts } : {}),
      ...(links ? { links: JSON.parse(links) as Links } : {}),
      ...(complaint ? { complaint } : {}),
    };
  });
}
