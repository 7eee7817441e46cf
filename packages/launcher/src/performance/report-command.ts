import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { exitCodes } from "../errors/exit-codes.ts";
import { LaunchError, reasonOf, usageError } from "../errors/launch-error.ts";
import { readRecording } from "../recording/archive.ts";
import type { RunRecording } from "../recording/recording.ts";
import { writeWhole } from "../recording/whole-file.ts";
import { compare, comparisonTable } from "./compare.ts";
import { reportDataOf } from "./report-data-of.ts";
import { reportPage } from "./report-page.ts";
import { type NamedRecording, scalingOf, scalingTable } from "./scaling.ts";
import { summaryOf } from "./summary.ts";
import { writeTrace } from "./trace.ts";

/** What `tsmpi report` makes of recordings. */
export interface ReportOptions {
  recordings: string[];
  /** `.html`: the page; `.json`, `.json.gz`: the trace; undefined: a page beside the recording. */
  output: string | undefined;
  compare: boolean;
  scaling: boolean;
  summary: boolean;
}

/** Runs `tsmpi report`. */
export async function report(options: ReportOptions): Promise<number> {
  check(options);
  const { recordings: paths, output } = options;
  const recordings: NamedRecording[] = [];
  for (const path of paths) recordings.push({ name: basename(path), recording: await read(path) });
  const all = recordings.map(({ recording }) => recording);
  const [first, second] = all;
  if (options.compare) print(comparisonTable(compare(first!, second!), all));
  else if (options.scaling) print(scalingTable(scalingOf(recordings), all));
  else if (options.summary) print(summaryOf(reportDataOf(first!)).join("\n"));
  const isAsked = output !== undefined || !(options.compare || options.summary || options.scaling);
  if (isAsked) await writeOutput(output ?? pageBeside(paths[0]!), options, recordings);
  return exitCodes.success;
}

/** @throws LaunchError when the options do not fit together. */
function check({ recordings: paths, output, ...options }: ReportOptions): void {
  if (options.compare && paths.length !== 2) throw usageError("--compare: two recordings are needed, before and after");
  if (options.scaling && paths.length < 2)
    throw usageError("--scaling: recordings of the same program with several numbers of ranks are needed");
  if (options.compare && options.scaling) throw usageError("--compare and --scaling: one of them at a time");
  if ((options.compare || options.scaling) && output?.includes(".json"))
    throw usageError(`--output ${output}: a trace is of one recording`);
  if (!options.compare && !options.scaling && paths.length > 1)
    throw usageError(`${paths.length} recordings: --compare or --scaling says what they are for`);
  if (output !== undefined && !/\.(html|json|json\.gz)$/.test(output))
    throw usageError(`--output ${output}: FILE.html is a page, FILE.json and FILE.json.gz are a trace`);
}

async function writeOutput(path: string, { scaling }: ReportOptions, runs: readonly NamedRecording[]): Promise<void> {
  const { recording } = runs.at(-1)!;
  try {
    await writeWhole(path, async (part) => {
      if (!path.endsWith(".html")) return writeTrace(recording, part);
      const data = reportDataOf(recording);
      if (scaling) data.scaling = scalingOf(runs);
      await writeFile(part, reportPage(data));
    });
  } catch (error) {
    throw new LaunchError(`${path}: cannot be written, ${reasonOf(error)}`, exitCodes.failure);
  }
  print(`${path} is written`);
}

async function read(path: string): Promise<RunRecording> {
  try {
    return await readRecording(path);
  } catch (error) {
    throw new LaunchError((error as Error).message, exitCodes.failure);
  }
}

/** `run.tsrec` -> `run.html` */
function pageBeside(recording: string): string {
  return `${recording.replace(/\.tsrec$/, "")}.html`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
