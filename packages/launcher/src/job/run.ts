import { realpathSync } from "node:fs";
import { slips } from "../analysis/index.ts";
import { inspectorOf } from "../command/inspector-ports.ts";
import {
  checkRanks,
  inputRanksOf,
  isRecorded,
  programOfRank,
  programsOf,
  type RunOptions,
  ranksOfAll,
} from "../command/options.ts";
import { misspelt } from "../command/variables.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import { reasonOf } from "../errors/launch-error.ts";
import { allocate, refuseTooMany } from "../hosts/allocate.ts";
import { idleCpus, isCrowded, looksCrowded } from "../hosts/grants.ts";
import type { Allocation } from "../hosts/host.ts";
import { describeMap, describeShortage } from "../hosts/host-map.ts";
import { type Placement, place } from "../hosts/placement.ts";
import { unusedSchedulers } from "../hosts/unused-schedulers.ts";
import { watchWalltime } from "../hosts/walltime.ts";
import { Input } from "../io/input.ts";
import { Output, showsPartialLines } from "../io/output.ts";
import { ProgressDisplay } from "../io/progress-display.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { belowHome } from "../system/seen-paths.ts";
import type { Source } from "../typescript/index.ts";
import { describeCommands, plansFor } from "./host-plans.ts";
import { Job, type JobOptions } from "./job.ts";
import { launch } from "./launch.ts";
import { preparePrograms } from "./prepare-programs.ts";
import { describeRun, openLive, showSight } from "./sight.ts";
import { passSignalsOn } from "./signals.ts";
import { spawnOptions } from "./spawn-options.ts";
import type { Station } from "./stations.ts";

/**
 * Runs a job and returns the exit code of `tsmpi run`. What keeps it from beginning is thrown, as an error with an
 * `exitCode` and one sentence. `granted` are the hosts for it, where the caller has asked for them already.
 */
export async function run(options: RunOptions, granted?: Allocation): Promise<number> {
  const size = ranksOfAll(options);
  const { programs, sources, warnings } = await preparePrograms(options);
  const allocation = granted ?? (await allocate(options));
  const placement = place(allocation, size, options);
  refuseTooMany(placement);
  checkRanks(options, placement.size);
  const { output, failures } = openOutput(options, placement);
  sayBefore(options, placement, allocation, warnings, output);
  if (options.dryRun) {
    output.say(describeCommands(options, programs, placement));
    await output.flush();
    return exitCodes.success;
  }
  const log = options.verbose ? (text: string) => output.say(`tsmpi: [${sinceStart()}] ${text}`) : () => {};

  const launchedAt = performance.now();
  const plans = plansFor(options, programs, placement, showsPartialLines(options.outputDirectory));
  const { stations, roll, settled } = await launch(options, placement, plans, log);
  sayShortage(allocation, placement, stations, output);
  const job = openJob(options, allocation, placement, { stations, output, roll, log });
  failures.job = job;
  const limits = [
    limitTime(options.timeoutMs, job),
    limitLaunch(options.launchTimeoutMs - (performance.now() - launchedAt), job, roll),
  ];
  job.start();
  const meanwhile = Promise.all([
    warnOfSlips(sources, options.directory, job, log),
    granted === undefined ? warnOfIdleCpus(options, allocation, output) : undefined,
  ]);
  const live = openLive(options.sight, job.recordings, output);
  void watchWalltime({ givenMs: options.walltimeMs, warn: (reason) => job.warn(reason), log });

  const ended = await job.ended;
  for (const limit of limits) clearTimeout(limit);
  await settled();
  await meanwhile;
  log(`all ranks have ended, exit code ${ended}`);
  const code = await showSight(options.sight, job.recordings, ended, output, await live);
  await output.flush();
  return code === exitCodes.success ? failures.code : code; // the last of the output may be written when all has ended
}

type Failure = [code: number, reason: string, sentence?: string];

/** What becomes of output that cannot be written: it stops the job, once there is one, and sets the exit code. */
interface OutputFailures {
  code: number;
  job: Job | undefined;
}

function openOutput(options: RunOptions, placement: Placement): { output: Output; failures: OutputFailures } {
  const failures: OutputFailures = { code: exitCodes.success, job: undefined };
  const output = new Output({
    tag: tagsOf(options, placement, (rank) => failures.job?.hostOf(rank) ?? "?"),
    shown: options.outputRanks && new Set(options.outputRanks),
    directory: options.dryRun ? undefined : options.outputDirectory,
    ranks: placement.size,
    failed: (error) => {
      const failure = outputFailure(error);
      failures.code = failure[0];
      failures.job?.end.stop(...failure);
    },
  });
  return { output, failures };
}

/** `[3] ` or `[3 node1] `, which `--tag-output` puts before each line. `hostOf` knows ranks that have been spawned. */
function tagsOf(
  { tagOutput }: RunOptions,
  { nodes }: Placement,
  hostOf: (rank: number) => string,
): (rank: number) => string {
  if (tagOutput === undefined) return () => "";
  if (tagOutput === "rank") return (rank) => `[${rank}] `;
  const tags = new Map(nodes.flatMap(({ host, ranks }) => ranks.map((rank) => [rank, `[${rank} ${host.name}] `])));
  return (rank) => tags.get(rank) ?? `[${rank} ${hostOf(rank)}] `;
}

/** What the user is to know before the ranks start. */
function sayBefore(
  options: RunOptions,
  placement: Placement,
  allocation: Allocation,
  warnings: readonly string[],
  output: Output,
): void {
  const given = programsOf(options).map(({ environment }) => environment);
  const misspellings = misspelt(Object.assign({}, process.env, ...given));
  const unused = unusedSchedulers(options, allocation);
  const { warnings: ofHosts = [] } = allocation;
  for (const warning of [...options.warnings, ...ofHosts, ...warnings, ...misspellings, ...unused])
    output.say(`tsmpi: ${warning}`);
  if (options.displayMap || options.dryRun)
    output.say(describeMap(placement, allocation, looksCrowded(placement), options));
  const inspectors = describeInspectors(options, placement);
  if (inspectors !== undefined) output.say(`tsmpi: ${inspectors}`);
}

function sayShortage(allocation: Allocation, placement: Placement, stations: readonly Station[], output: Output): void {
  if (allocation.granted && placement.nodes.some((node, index) => isCrowded(node, stations[index]!.plan.granted)))
    output.say(`tsmpi: ${describeShortage(placement, allocation)}`);
}

/** The job, with its input and the signals of this process connected. */
function openJob(
  options: RunOptions,
  allocation: Allocation,
  placement: Placement,
  rest: Pick<JobOptions, "stations" | "output" | "roll" | "log">,
): Job {
  const { killAfterMs, silentAfterMs, keepGoing, countsFailures } = options;
  const { size } = placement;
  const input = new Input((bytes) => job.feed(bytes), inputRanksOf(options, size));
  const job = new Job({
    ...rest,
    size,
    spawn: spawnOptions(options, allocation, placement),
    killAfterMs,
    silentAfterMs,
    keepGoing,
    countsFailures,
    checks: checksIn({ ...process.env, ...options.environment }),
    recorded: isRecorded(options.sight) ? describeRun(options) : undefined,
    input,
    progress: new ProgressDisplay(rest.output),
  });
  passSignalsOn(job.end);
  process.on("SIGCONT", () => input.continued());
  return job;
}

/** Where a debugger finds each rank, when `--inspect` asks for that. */
function describeInspectors(options: RunOptions, { nodes }: Placement): string | undefined {
  const inherited = process.env["NODE_OPTIONS"] ?? "";
  const places = nodes.flatMap(({ host, ranks }) =>
    ranks.flatMap((rank) => {
      const own = options.isCommand ? [] : programOfRank(options, rank).nodeOptions;
      const place = inspectorOf(rank, own) ?? inspectorOf(rank + 1, [inherited]);
      return place === undefined ? [] : [`rank ${rank} on ${host.name} at ${place}`];
    }),
  );
  return places.length === 0 ? undefined : `debuggers: ${places.join(", ")}`;
}

async function warnOfIdleCpus(options: RunOptions, allocation: Allocation, output: Output): Promise<void> {
  const warning = await idleCpus(options, allocation);
  if (warning !== undefined) output.say(`tsmpi: ${warning}`);
}

/** Runs when the ranks have been started and the launcher is idle. An error in it never fails the job. */
async function warnOfSlips(
  sources: readonly Source[],
  directory: string,
  job: Job,
  log: (text: string) => void,
): Promise<void> {
  await Promise.race([job.started, job.ended]);
  try {
    for (const text of await slips(sources, belowHome(realpathSync(directory)))) job.remark(text);
  } catch (error) {
    log(`the source was not searched for slips: ${(error as Error).message}`);
  }
}

/** Whether the ranks look for mistakes: `--check`, or the variable that it sets. */
function checksIn(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment["TSMPI_CHECK"] === "1";
}

function limitTime(timeoutMs: number | undefined, job: Job): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(() => job.end.expire(exitCodes.timeout, `time limit of ${timeoutMs / 1000} s reached`), timeoutMs);
}

function limitLaunch(limitMs: number, job: Job, roll: RollCall): NodeJS.Timeout {
  const timer = setTimeout(() => {
    const missing = roll.describe("ranks started");
    job.end.stop(exitCodes.launch, "the launch took too long", `not all ranks could be started in time\n${missing}`);
  }, limitMs);
  void job.started.then(() => clearTimeout(timer));
  return timer;
}

function outputFailure(error: NodeJS.ErrnoException): Failure {
  // `| head` has read what it wants: that is no reason for a sentence.
  if (error.code === "EPIPE") return [exitCodes.outputClosed, "nobody reads the output any more"];
  const what = `cannot write ${error.path ?? "the output"}: ${reasonOf(error)}`;
  return [exitCodes.failure, "the output cannot be written", `${what}; stopping all ranks`];
}

/** Seconds since this process was started. */
function sinceStart(): string {
  return (performance.now() / 1000).toFixed(3);
}
