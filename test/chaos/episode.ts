import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { PbsJob } from "../support/pbs-job.ts";
import { processesWith, type Running, start, until } from "../support/run-tsmpi.ts";
import { codesOf, type Fault, type Plan } from "./plan.ts";

const work = fileURLToPath(new URL("work.mjs", import.meta.url));
const library = new URL("../../packages/launcher/dist/index.js", import.meta.url).href;

/** Nothing takes that long: a host that is silent is lost after 8 s, and ranks that are told to end get 1 s. */
const hangMs = 40_000;
const rounds = 30;

/** Where a job runs, and how it is got at from outside. */
export interface Place {
  /** Its hosts have slots of their own, so a job needs no `-n`. */
  readonly hasSlots: boolean;
  start(args: string[]): Running;
  /** Sends a signal to a process of the job that is this rank. */
  signal(rank: number, pid: number, signal: NodeJS.Signals): void;
  signalLauncher(running: Running, signal: NodeJS.Signals): void;
  killAgent(host: string): void;
  cut(host: string): void;
  mend(host: string): void;
  /** Processes and files of the job that are still there. */
  left(): string[];
}

/** This machine alone. */
export function thisMachine(): Place & { end(): void } {
  const temporary = mkdtempSync("/dev/shm/tsmpi-chaos-");
  const none = (): never => {
    throw new Error("there are no other hosts");
  };
  return {
    hasSlots: false,
    start: (args) => start(args, { env: { TSMPI_TMPDIR: temporary } }),
    signal: (_, pid, signal) => void process.kill(pid, signal),
    signalLauncher: ({ child }, signal) => void child.kill(signal),
    killAgent: none,
    cut: none,
    mend: none,
    left: () => [...processesWith(temporary).map((pid) => `process ${pid}`), ...readdirSync(temporary)],
    end: () => rmSync(temporary, { recursive: true, force: true }),
  };
}

/** The hosts of a PBS job, a rank for each line of its node file. */
export function hostsOf(job: PbsJob, lines: readonly string[]): Place {
  const { hosts } = job;
  return {
    hasSlots: true,
    start: (args) => job.script(`tsmpi ${args.map((word) => `'${word}'`).join(" ")} & wait $!`),
    signal: (rank, pid, signal) => void hosts.shell(lines[rank] as string, `kill -${signal.slice(3)} ${pid}`),
    signalLauncher: (_, signal) =>
      void hosts.shell(lines[0] as string, `pkill -${signal.slice(3)} -f '[t]smpi.js run'`),
    killAgent: (host) => void hosts.shell(host, "pkill -KILL -f '[a]gent-main.js'"),
    cut: (host) => hosts.cut(host),
    mend: (host) => hosts.mend(host),
    left: () => [
      ...job.processes(),
      ...job.files(),
      ...readdirSync(join(hosts.directory, "home")).filter((name) => name.startsWith(".tsmpi-")),
    ],
  };
}

/** Runs the job of a plan, does to it what the plan says, and looks whether every promise was kept. */
export async function endure(plan: Plan, place: Place): Promise<void> {
  const running = place.start(commandLine(plan));
  const { applied, end } = harm(plan.faults, running, place, plan.phase === "start-up" ? 0 : plan.ranks);
  try {
    const result = await within(running.result, plan.faults);
    // Those that came too late changed nothing, and those that did come may have come too late to be noticed.
    expect(result.stdout, "every result is right").not.toContain("WRONG");
    checkEnd(plan, applied, result);
  } finally {
    end();
  }
  await until(() => place.left().length === 0, `nothing is left: ${place.left().join(", ")}`, hangMs);
}

function commandLine({ seed, ranks, phase, keepGoing, misdeed }: Plan): string[] {
  const options = ["-n", String(ranks), "--kill-after", "1", "--launch-timeout", "10"];
  if (keepGoing) options.push("--keep-going");
  const wrong = misdeed === undefined ? "" : `${misdeed.rank}:${misdeed.what}:${misdeed.round}`;
  return ["run", ...options, work, library, phase, String(seed), String(rounds), wrong];
}

/** Does these things to a job, from the moment when so many ranks are at work. `end` mends what can be mended. */
export function harm(
  faults: readonly Fault[],
  running: Running,
  place: Place,
  ranks: number,
): { applied: readonly Fault[]; end(): void } {
  const timers = new Set<NodeJS.Timeout>();
  const applied: Fault[] = [];
  const begin = (): void => {
    for (const fault of faults) timers.add(setTimeout(() => apply(fault, running, place, timers, applied), fault.atMs));
  };
  const begun = ranks === 0 ? Promise.resolve() : running.shows("in ", ranks);
  begun.then(begin, () => {}); // it has ended before: a misdeed of the first round
  const end = (): void => {
    for (const timer of timers) clearTimeout(timer);
    for (const fault of applied) if (fault.kind === "cut") place.mend(fault.host);
  };
  return { applied, end };
}

function apply(fault: Fault, running: Running, place: Place, timers: Set<NodeJS.Timeout>, applied: Fault[]): void {
  if ("rank" in fault && !running.stdout.includes(`up ${fault.rank} `) && running.child.exitCode === null) {
    timers.add(setTimeout(() => apply(fault, running, place, timers, applied), 10));
    return;
  }
  const later = (ms: number, action: () => void): void => void timers.add(setTimeout(() => quietly(action), ms));
  const toRank = (rank: number, signal: NodeJS.Signals): void => {
    const pid = new RegExp(`^up ${rank} (\\d+)$`, "m").exec(running.stdout)?.[1];
    if (pid === undefined) throw new Error(`rank ${rank} has not come up yet`);
    place.signal(rank, Number(pid), signal);
  };
  quietly(() => {
    if (running.child.exitCode !== null) return;
    switch (fault.kind) {
      case "signal":
        toRank(fault.rank, fault.signal);
        break;
      case "pause": {
        const { who, forMs } = fault;
        const send = (signal: NodeJS.Signals): void =>
          who === "launcher" ? place.signalLauncher(running, signal) : toRank(who, signal);
        send("SIGSTOP");
        later(forMs, () => send("SIGCONT"));
        break;
      }
      case "launcher":
        place.signalLauncher(running, fault.signal);
        break;
      case "agent":
        place.killAgent(fault.host);
        break;
      case "cut":
        place.cut(fault.host);
        if (fault.forMs !== undefined) later(fault.forMs, () => place.mend(fault.host));
        break;
    }
    applied.push(fault);
  });
}

/** Whoever is to be hit may have gone already. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {}
}

/** The result of a job, which ends in time whatever is done to it. */
export async function within<T>(result: Promise<T>, faults: readonly Fault[], limitMs = hangMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const lastMs = Math.max(0, ...faults.map(({ atMs }) => atMs));
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the job did not end")), lastMs + limitMs);
  });
  try {
    return await Promise.race([result, hung]);
  } finally {
    clearTimeout(timer);
  }
}

interface End {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Whether exit code and report are what the contract says for what was done to the job. */
function checkEnd(plan: Plan, applied: readonly Fault[], { code, signal, stdout, stderr }: End): void {
  const status = signal === "SIGKILL" ? 137 : (code ?? -1);
  const done = stdout.match(/^done \d+$/gm)?.length ?? 0;
  const all = `stdout:\n${stdout}\nstderr:\n${stderr}`;
  const reports = stderr.split("\n").filter((line) => line.startsWith("tsmpi: "));
  if (status === 0) {
    const lost = reports.filter((line) => line.endsWith("; going on without it")).length;
    expect(plan.keepGoing || lost === 0, all).toBe(true);
    expect(done, all).toBeGreaterThanOrEqual(plan.ranks - lost);
    expect(reports, all).toHaveLength(lost);
    return;
  }
  const wrong = misdeedCodes(plan);
  expect([...applied.flatMap(codesOf), ...wrong], all).toContain(status);
  const told = applied.filter((fault) => codesOf(fault).includes(status)).flatMap((fault) => reportOf(fault, plan));
  if (told.length === 0 && wrong.length === 0) return;
  expect(reports[plan.keepGoing ? reports.length - 1 : 0] ?? "no report", all).toMatch(
    new RegExp([...told, ...misdeedReports(plan)].join("|")),
  );
}

/** How the launcher tells of a fault: the sentence's beginning; nothing where it cannot or need not say anything. */
function reportOf(fault: Fault, { ranks, lines, phase }: Plan): string[] {
  const launch =
    phase === "start-up" ? ["^tsmpi: \\d of 2 agents did not connect", "^tsmpi: not all ranks could be started"] : [];
  switch (fault.kind) {
    case "signal": {
      const host = lines?.[fault.rank] ?? "\\S+";
      return [`^tsmpi: rank ${fault.rank} of ${ranks} on ${host} \\(pid \\d+\\) was killed by ${fault.signal}`];
    }
    case "agent":
      return [`^tsmpi: host ${fault.host} was lost: the connection`, ...launch];
    case "cut":
      return [
        `^tsmpi: host ${fault.host} was lost: no sign of life for \\d+ s; stopping the other ranks$`,
        // On a busy machine a rank whose message waits may notice first.
        `^tsmpi: rank \\d+ of ${ranks} on \\S+ cannot reach rank \\d+ of ${ranks} on \\S+: what it has sent there`,
        ...launch,
      ];
    default:
      return [];
  }
}

function misdeedCodes({ misdeed }: Plan): number[] {
  if (misdeed === undefined) return [];
  // Who ended well is missed by the others: the first of them to notice fails, with the code of `work.mjs` for that.
  return [{ throw: 1, reject: 1, "exit 0": 98, "exit 3": 3, kill: 137 }[misdeed.what]];
}

function misdeedReports({ misdeed, ranks }: Plan): string[] {
  if (misdeed === undefined) return [];
  const who = misdeed.what === "exit 0" ? "\\d+" : misdeed.rank;
  return [`^tsmpi: rank ${who} of ${ranks} on \\S+ \\(pid \\d+\\) `];
}
