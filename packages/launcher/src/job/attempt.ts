import { realpathSync } from "node:fs";
import { slips } from "../analysis/index.ts";
import { inputRanksOf, isRecorded, type RunOptions } from "../command/options.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import { idleCpus, isCrowded } from "../hosts/grants.ts";
import type { Allocation } from "../hosts/host.ts";
import { describeShortage } from "../hosts/host-map.ts";
import type { Placement } from "../hosts/placement.ts";
import { Input } from "../io/input.ts";
import { type Output, showsPartialLines } from "../io/output.ts";
import { ProgressDisplay } from "../io/progress-display.ts";
import type { StandardInput } from "../io/standard-input.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { belowHome } from "../system/seen-paths.ts";
import { plansFor } from "./host-plans.ts";
import { Job, type JobOptions } from "./job.ts";
import { launch } from "./launch.ts";
import type { PreparedPrograms } from "./prepare-programs.ts";
import type { AttemptEnd } from "./restarts.ts";
import type { RunControl } from "./run-control.ts";
import { describeRun, openLive, showSight } from "./sight.ts";
import { spawnOptions } from "./spawn-options.ts";
import type { Station } from "./stations.ts";

/** Why the output cannot be written: stops the job, without a sentence if that is no news. */
export type OutputFailure = [code: number, reason: string, sentence?: string];

/** The output of one start of the job, and what becomes of it if it cannot be written. */
export interface AttemptOutput {
  output: Output;
  /** Its code is not 0 once the output cannot be written. `stop` and `hostOf` are set when there is a job. */
  failures: { code: number; stop(...failure: OutputFailure): void; hostOf(rank: number): string };
}

export interface Attempt extends AttemptOutput {
  /** How often the job was started before. */
  restart: number;
  options: RunOptions;
  prepared: PreparedPrograms;
  allocation: Allocation;
  placement: Placement;
  control: RunControl;
  stdin: StandardInput;
  /** The hosts are the user's: tell of CPUs that are left idle. */
  warnsOfIdleCpus: boolean;
  /** For `--verbose`. */
  log(text: string): void;
}

/** Starts the job once, and resolves when nothing of it is left. */
export async function runOnce(attempt: Attempt): Promise<AttemptEnd> {
  const { options, prepared, allocation, placement, output, failures, restart, control, log } = attempt;
  const launchedAt = performance.now();
  const shown = showsPartialLines(options.outputDirectory);
  const plans = plansFor(options, prepared.programs, placement, shown, restart);
  const { stations, roll, settled } = await launch(options, placement, plans, log);
  sayShortage(allocation, placement, stations, output);
  const { job, input } = openJob(attempt, { stations, output, roll, log });
  failures.hostOf = (rank) => job.hostOf(rank);
  failures.stop = (...failure) => job.end.stop(...failure);
  const late: string[] = [];
  const limit = limitLaunch(options.launchTimeoutMs - (performance.now() - launchedAt), job, roll, late);
  job.start();
  control.begin(job, input);
  const meanwhile = warnMeanwhile(attempt, job);
  const live = openLive(options.sight, job.recordings, output);

  const ended = await job.ended;
  clearTimeout(limit);
  await settled();
  await meanwhile;
  log(`all ranks have ended, exit code ${ended}`);
  const code = await showSight(options.sight, job.recordings, ended, output, await live);
  control.end();
  failures.stop = () => {};
  await output.flush();
  const ms = performance.now() - launchedAt;
  const usedInput = input.hasRead && !attempt.stdin.isFile;
  if (failures.code !== exitCodes.success)
    // the last of the output may be written when all has ended
    return {
      code: code === exitCodes.success ? failures.code : code,
      failure: undefined,
      lostHosts: [],
      usedInput,
      ms,
    };
  const isMended = late.length < placement.nodes.length; // another host is left
  return { code, failure: isMended ? job.failure : undefined, lostHosts: [...job.lostHosts, ...late], usedInput, ms };
}

/** What is told while the job runs, when it is started for the first time. */
async function warnMeanwhile({ options, prepared, ...attempt }: Attempt, job: Job): Promise<void> {
  const { allocation, output, restart, warnsOfIdleCpus, log } = attempt;
  if (restart > 0) return;
  await Promise.all([
    warnOfSlips(prepared.sources, options.directory, job, log),
    warnsOfIdleCpus ? warnOfIdleCpus(options, allocation, output) : undefined,
  ]);
}

function sayShortage(allocation: Allocation, placement: Placement, stations: readonly Station[], output: Output): void {
  if (allocation.granted && placement.nodes.some((node, index) => isCrowded(node, stations[index]!.plan.granted)))
    output.say(`tsmpi: ${describeShortage(placement, allocation)}`);
}

/** The job, with its input connected. */
function openJob(
  { options, allocation, placement, stdin, restart }: Attempt,
  rest: Pick<JobOptions, "stations" | "output" | "roll" | "log">,
): { job: Job; input: Input } {
  const { killAfterMs, silentAfterMs, keepGoing, countsFailures } = options;
  const input = new Input((bytes) => job.feed(bytes), inputRanksOf(options, placement.size), stdin.source(restart));
  const job = new Job({
    ...rest,
    size: placement.size,
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
  return { job, input };
}

async function warnOfIdleCpus(options: RunOptions, allocation: Allocation, output: Output): Promise<void> {
  const warning = await idleCpus(options, allocation);
  if (warning !== undefined) output.say(`tsmpi: ${warning}`);
}

/** Runs when the ranks have been started and the launcher is idle. An error in it never fails the job. */
async function warnOfSlips(
  sources: PreparedPrograms["sources"],
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

/** `late` gets the hosts that have not started all their ranks in time. */
function limitLaunch(limitMs: number, job: Job, roll: RollCall, late: string[]): NodeJS.Timeout {
  const timer = setTimeout(() => {
    late.push(...roll.missing("ranks started"));
    const missing = roll.describe("ranks started");
    job.end.stop(exitCodes.launch, "the launch took too long", `not all ranks could be started in time\n${missing}`);
  }, limitMs);
  void job.started.then(() => clearTimeout(timer));
  return timer;
}
