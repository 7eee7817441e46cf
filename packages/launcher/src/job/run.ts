import { inspectorOf } from "../command/inspector-ports.ts";
import { checkRanks, programOfRank, programsOf, type RunOptions, ranksOfAll } from "../command/options.ts";
import { misspelt } from "../command/variables.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import { HostsError, LaunchError, reasonOf } from "../errors/launch-error.ts";
import { allocate, refuseTooMany } from "../hosts/allocate.ts";
import { looksCrowded } from "../hosts/grants.ts";
import type { Allocation } from "../hosts/host.ts";
import { describeMap } from "../hosts/host-map.ts";
import { type Placement, place } from "../hosts/placement.ts";
import { unusedSchedulers } from "../hosts/unused-schedulers.ts";
import { watchWalltime } from "../hosts/walltime.ts";
import { Output, Screen } from "../io/output.ts";
import { keepRankFiles } from "../io/rank-files.ts";
import { StandardInput } from "../io/standard-input.ts";
import { type Attempt, type AttemptOutput, type OutputFailure, runOnce } from "./attempt.ts";
import { describeCommands } from "./host-plans.ts";
import { type PreparedPrograms, preparePrograms } from "./prepare-programs.ts";
import { type AttemptEnd, Restarts, withoutHosts } from "./restarts.ts";
import { RunControl } from "./run-control.ts";
import { keepSight } from "./sight.ts";

/**
 * Runs a job and returns the exit code of `tsmpi run`. What keeps it from beginning is thrown, as an error with an
 * `exitCode` and one sentence. `granted` are the hosts for it, where the caller has asked for them already.
 */
export async function run(options: RunOptions, granted?: Allocation): Promise<number> {
  const size = ranksOfAll(options);
  const prepared = await preparePrograms(options);
  const allocation = granted ?? (await allocate(options));
  const placement = placed(options, allocation, size);
  const screen = new Screen();
  const first = openOutput(options, placement, screen, 0);
  sayBefore(options, placement, allocation, prepared.warnings, first.output);
  if (options.dryRun) {
    first.output.say(describeCommands(options, prepared.programs, placement));
    await first.output.flush();
    return exitCodes.success;
  }
  return new Run({ options, size, prepared, screen, isGranted: granted !== undefined }).run(
    allocation,
    placement,
    first,
  );
}

/** @throws LaunchError when the options do not fit the hosts. */
function placed(options: RunOptions, allocation: Allocation, size: number | undefined): Placement {
  const placement = place(allocation, size, options);
  refuseTooMany(placement);
  checkRanks(options, placement.size);
  return placement;
}

interface RunParts {
  options: RunOptions;
  /** `-n` of all programs; undefined: a rank for each slot. */
  size: number | undefined;
  prepared: PreparedPrograms;
  screen: Screen;
  isGranted: boolean;
}

/** A job, from its first start to its last one. */
class Run {
  readonly #parts: RunParts;
  readonly #restarts: Restarts;
  readonly #control: RunControl;
  readonly #stdin = new StandardInput();

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#restarts = new Restarts(parts.options.restarts);
    this.#control = new RunControl(parts.options.timeoutMs);
  }

  async run(allocation: Allocation, placement: Placement, attemptOutput: AttemptOutput): Promise<number> {
    const { options, size, prepared, screen, isGranted } = this.#parts;
    const control = this.#control;
    let start = { allocation, placement, attemptOutput };
    for (let restart = 0; ; restart++) {
      const { output } = start.attemptOutput;
      const log = options.verbose ? (text: string) => output.say(`tsmpi: [${sinceStart()}] ${text}`) : () => {};
      if (restart === 0) watchTime(options, control, log);
      const shared = { options, prepared, control, stdin: this.#stdin, restart, log, warnsOfIdleCpus: !isGranted };
      const end = await this.#attempt({ ...shared, ...start, ...start.attemptOutput });
      const next = await this.#next(end, start, size);
      if (typeof next === "number") {
        await output.flush();
        return next;
      }
      keepFiles(options, restart);
      output.close();
      const nextOutput = openOutput(options, next.placement, screen, restart + 1);
      if (options.displayMap && end.lostHosts.length > 0)
        sayMap(options, next.placement, next.allocation, nextOutput.output);
      start = { ...next, attemptOutput: nextOutput };
    }
  }

  /** Where hosts cannot be reached and there are restarts, that is an end as any other. */
  async #attempt(attempt: Attempt): Promise<AttemptEnd> {
    const beganAt = performance.now();
    try {
      return await runOnce(attempt);
    } catch (error) {
      if (!(error instanceof HostsError) || attempt.options.restarts === 0) throw error;
      attempt.output.say(`tsmpi: ${error.message}`);
      const lostHosts = [...error.causes.keys()];
      const failure = lostHosts.length === 0 ? undefined : "the job could not be launched";
      return { code: error.exitCode, failure, lostHosts, usedInput: false, ms: performance.now() - beganAt };
    }
  }

  /** The hosts and places of the next start, when its time has come; or the exit code of the run. */
  async #next(
    end: AttemptEnd,
    {
      allocation,
      placement,
      attemptOutput: { output },
    }: { allocation: Allocation; placement: Placement; attemptOutput: AttemptOutput },
    size: number | undefined,
  ): Promise<{ allocation: Allocation; placement: Placement } | number> {
    const { options } = this.#parts;
    const restart = this.#restarts.after(end);
    if (restart === undefined) {
      if (end.failure !== undefined && this.#restarts.usedUp !== undefined)
        output.say(`tsmpi: ${this.#restarts.usedUp}`);
      return end.code;
    }
    const left = withoutHosts(allocation, end.lostHosts);
    const next = nextPlacement(options, left, size, end);
    if (typeof next === "string") {
      output.say(`tsmpi: not started again: ${next}`);
      return end.code;
    }
    if (this.#control.over === undefined) {
      output.say(`tsmpi: ${this.#restarts.describe(restart, end.failure!, end.lostHosts, placement, next)}`);
      if (end.usedInput) output.say(`tsmpi: ${inputIsGone}`);
    }
    await this.#control.pause(restart.pauseMs);
    const { over } = this.#control;
    if (over === undefined) return { allocation: left, placement: next };
    output.say(`tsmpi: not started again: ${over.reason}`);
    return over.code ?? end.code;
  }
}

const inputIsGone =
  "the standard input is no file and has been read, so the next start finds it empty (< FILE can be read again)";

/** The places on the hosts that are left, or why there can be no further start. */
function nextPlacement(
  options: RunOptions,
  left: Allocation,
  size: number | undefined,
  { lostHosts, usedInput }: AttemptEnd,
): Placement | string {
  if (usedInput && options.countsFailures)
    return "the inputs came from a pipe, which cannot be read again: put them into a file, < FILE";
  if (left.hosts.length === 0) return `no host is left without ${lostHosts.join(", ")}`;
  try {
    return placed(options, left, size);
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    return lostHosts.length === 0 ? error.message : `without ${lostHosts.join(", ")}, ${error.message}`;
  }
}

/** The files of a start are kept under other names, because the next start writes its own. */
function keepFiles({ sight, outputDirectory }: RunOptions, restart: number): void {
  keepSight(sight, restart);
  if (outputDirectory !== undefined) keepRankFiles(outputDirectory, restart);
}

function watchTime({ walltimeMs }: RunOptions, control: RunControl, log: (text: string) => void): void {
  void watchWalltime({ givenMs: walltimeMs, warn: (reason) => control.warn(reason), log });
}

function openOutput(options: RunOptions, placement: Placement, screen: Screen, restart: number): AttemptOutput {
  const failures: AttemptOutput["failures"] = { code: exitCodes.success, stop: () => {}, hostOf: () => "?" };
  const output = new Output(
    {
      tag: tagsOf(options, placement, (rank) => failures.hostOf(rank)),
      shown: options.outputRanks && new Set(options.outputRanks),
      directory: options.dryRun ? undefined : options.outputDirectory,
      ranks: placement.size,
      restart,
      failed: (error) => {
        const failure = outputFailure(error);
        failures.code = failure[0];
        failures.stop(...failure);
      },
    },
    screen,
  );
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
  if (options.displayMap || options.dryRun) sayMap(options, placement, allocation, output);
  const inspectors = describeInspectors(options, placement);
  if (inspectors !== undefined) output.say(`tsmpi: ${inspectors}`);
}

function sayMap(options: RunOptions, placement: Placement, allocation: Allocation, output: Output): void {
  output.say(describeMap(placement, allocation, looksCrowded(placement), options));
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

function outputFailure(error: NodeJS.ErrnoException): OutputFailure {
  // `| head` has read what it wants: that is no reason for a sentence.
  if (error.code === "EPIPE") return [exitCodes.outputClosed, "nobody reads the output any more"];
  const what = `cannot write ${error.path ?? "the output"}: ${reasonOf(error)}`;
  return [exitCodes.failure, "the output cannot be written", `${what}; stopping all ranks`];
}

/** Seconds since this process was started. */
function sinceStart(): string {
  return (performance.now() / 1000).toFixed(3);
}
