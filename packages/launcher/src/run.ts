import { allocate } from "./allocations/index.ts";
import { exitCodes } from "./exit-codes.ts";
import { Input } from "./input.ts";
import { Job } from "./job.ts";
import { reasonOf } from "./launch-error.ts";
import { describeMap, describeShortage } from "./map.ts";
import type { RunOptions } from "./options.ts";
import { Output, showsPartialLines } from "./output.ts";
import { place } from "./placement.ts";
import { describeCommands, plansFor } from "./plans.ts";
import { passSignalsOn } from "./signals.ts";
import { starterFor } from "./starters/index.ts";
import { prepare } from "./typescript/index.ts";

/**
 * Runs a job and returns the exit code of `tsmpi run`. What keeps it from beginning is thrown, as an error with an
 * `exitCode` and one sentence.
 */
export async function run(options: RunOptions): Promise<number> {
  const program = await prepare(options.script);
  const allocation = allocate();
  const placement = place(allocation.hosts, options.ranks);

  let job: Job | undefined;
  const output = new Output({
    tag: options.tagOutput,
    directory: options.dryRun ? undefined : options.outputDirectory,
    ranks: placement.size,
    failed: (error) => job?.stop(...outputFailure(error)),
  });
  for (const warning of options.warnings) output.say(`tsmpi: ${warning}`);
  if (options.displayMap || options.dryRun) output.say(describeMap(placement, allocation));
  if (options.dryRun) {
    output.say(describeCommands(options, program, placement));
    await output.flush();
    return exitCodes.success;
  }
  if (allocation.granted && placement.size > placement.slots)
    output.say(`tsmpi: ${describeShortage(placement, allocation)}`);
  const log = options.verbose ? (text: string) => output.say(`tsmpi: [${sinceStart()}] ${text}`) : () => {};

  const plans = plansFor(options, program, placement, showsPartialLines(options.outputDirectory));
  const stations = await Promise.all(
    placement.nodes.map(async ({ host }, node) => {
      const starter = starterFor(host);
      log(`agent on ${host.name}: ${starter.name}`);
      return { channel: await starter.start(host), plan: plans[node]! };
    }),
  );
  const input = new Input((bytes) => job?.feed(bytes));
  const started = new Job({ stations, size: placement.size, killAfterMs: options.killAfterMs, output, input, log });
  job = started;
  passSignalsOn(started);
  process.on("SIGCONT", () => input.continued());
  const limit = limitTime(options.timeoutMs, started);
  started.start();

  const code = await started.ended;
  clearTimeout(limit);
  log(`all ranks have ended, exit code ${code}`);
  await output.flush();
  return code;
}

function limitTime(timeoutMs: number | undefined, job: Job): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined) return undefined;
  return setTimeout(() => job.expire(exitCodes.timeout, `time limit of ${timeoutMs / 1000} s reached`), timeoutMs);
}

function outputFailure(error: NodeJS.ErrnoException): [code: number, reason: string, sentence?: string] {
  // `| head` has seen enough: no reason to talk.
  if (error.code === "EPIPE") return [exitCodes.outputClosed, "nobody reads the output any more"];
  return [exitCodes.failure, "the output cannot be written", `cannot write the output: ${reasonOf(error)}`];
}

/** Seconds since this process was started. */
function sinceStart(): string {
  return (performance.now() / 1000).toFixed(3);
}
