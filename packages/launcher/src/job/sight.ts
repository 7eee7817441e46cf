import { existsSync, renameSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import type { RunOptions, Sight } from "../command/options.ts";
import { exitCodes } from "../errors/exit-codes.ts";
import { reasonOf } from "../errors/launch-error.ts";
import { schedulerHere } from "../hosts/schedulers.ts";
import type { Output } from "../io/output.ts";
import type { LiveServer } from "../live/server.ts";
import type { ReportData } from "../performance/report-data.ts";
import type { RunRecording } from "../recording/recording.ts";
import { writeWhole } from "../recording/whole-file.ts";
import { shellWords } from "../system/shell-words.ts";
import type { Described, Recordings } from "./recordings.ts";

/** The address of a live page has a token, which is in no report. */
const addressMark = "this run, live: ";
/** A host that does not answer in this time is shown as it was before. */
const answerMs = 3000;

/** What a recording says about the run. */
export function describeRun({ directory }: RunOptions): Described {
  const job = jobName();
  return {
    command: shellWords(["tsmpi", ...withoutValues(process.argv.slice(2))]),
    directory,
    ...(job !== undefined && { job }),
  };
}

const variableOptions = /^(--env|-x)$/;

/** The words of a command line, without the values of variables: a report may be sent to others, and a value may be a password. */
export function withoutValues(words: readonly string[]): string[] {
  return words.map((word, i) => {
    if (/^-g?env$/.test(words[i - 2] ?? "")) return "..."; // as MPICH has it: -genv NAME VALUE
    const [, option = "", name] = /^(--env=|-x)?(\w+)=/.exec(word) ?? [];
    const isVariable = option !== "" || variableOptions.test(words[i - 1] ?? "");
    return name !== undefined && isVariable ? `${option}${name}=...` : word;
  });
}

/** `PBS job 4711.head`; undefined outside a batch job. */
function jobName(): string | undefined {
  const scheduler = schedulerHere();
  const id = scheduler && process.env[scheduler.jobVariables[0]];
  return id && `${scheduler.name} job ${id}`;
}

/** Shows the run while it runs (`--live`), and says where. */
export async function openLive(
  sight: Sight,
  recordings: Recordings | undefined,
  output: Output,
): Promise<LiveServer | undefined> {
  if (recordings === undefined || !sight.live) return undefined;
  const [{ LiveServer }, { reportDataOf }, { reportPage }] = await Promise.all([
    import("../live/server.ts"),
    import("../performance/report-data-of.ts"),
    import("../performance/report-page.ts"),
  ]);
  const now = async () => {
    await recordings.ask(answerMs);
    return { ...reportDataOf(await recordings.recording(exitCodes.success, [])), live: true };
  };
  try {
    const live = await LiveServer.open({ now, page: reportPage });
    output.say(`tsmpi: ${addressMark}${live.url}`);
    if (describesTunnel())
      output.say(
        `tsmpi: from another machine, first: ssh -N -L ${live.port}:127.0.0.1:${live.port} ${userInfo().username}@${hostname()}`,
      );
    return live;
  } catch (error) {
    output.say(`tsmpi: --live: no port can be opened on 127.0.0.1: ${reasonOf(error)}`);
    return undefined;
  }
}

/** Whether the user's browser is likely on another machine. */
function describesTunnel(): boolean {
  return jobName() !== undefined || process.env["SSH_CONNECTION"] !== undefined;
}

/** Writes what the user wants to see of a run that has ended. Returns the exit code: 1 if something could not be written. */
export async function showSight(
  sight: Sight,
  recordings: Recordings | undefined,
  code: number,
  output: Output,
  live: LiveServer | undefined,
): Promise<number> {
  if (recordings === undefined) return code;
  const words = output.said.filter((line) => !line.includes(addressMark)).map((line) => line.replace(/^tsmpi: /, ""));
  const recording = await recordings.recording(code, words);
  const isShown = live !== undefined || sight.report !== undefined || sight.summary;
  const data = isShown ? await dataOf(recording) : undefined; // once: it takes seconds for a large run
  if (data !== undefined) await live?.end(data);
  const written = [
    await write("--record", sight.record, output, (path) => writeRecordingTo(path, recording)),
    await write("--trace", sight.trace, output, (path) => writeTraceTo(path, recording)),
    await write("--report", sight.report, output, (path) => writeReportTo(path, data!)),
  ];
  if (sight.summary) {
    const { summaryOf } = await import("../performance/summary.ts");
    output.say(summaryOf(data!).join("\n"));
  }
  return written.includes(false) && code === exitCodes.success ? exitCodes.failure : code;
}

/** Keeps the files of a start that failed, before the next one: `run.html` becomes `run.0.html` after the first start. */
export function keepSight({ report, trace, record }: Sight, restart: number): void {
  for (const path of [report, trace, record])
    if (path !== undefined && existsSync(path)) renameSync(path, keptName(path, restart));
}

/** Before the ending, which tells what the file is. */
export function keptName(path: string, restart: number): string {
  return path.replace(/(\.json\.gz|\.[^./]+)$/, `.${restart}$1`);
}

/** True if it is written, or not wanted. */
async function write(
  option: string,
  path: string | undefined,
  output: Output,
  to: (path: string) => Promise<void>,
): Promise<boolean> {
  if (path === undefined) return true;
  try {
    await writeWhole(path, to);
    return true;
  } catch (error) {
    output.say(`tsmpi: ${option} ${path}: cannot be written, ${reasonOf(error)}`);
    return false;
  }
}

async function writeRecordingTo(path: string, recording: RunRecording): Promise<void> {
  const { writeRecording } = await import("../recording/archive.ts");
  await writeRecording(recording, path);
}

async function writeTraceTo(path: string, recording: RunRecording): Promise<void> {
  const { writeTrace } = await import("../performance/trace.ts");
  await writeTrace(recording, path);
}

async function writeReportTo(path: string, data: ReportData): Promise<void> {
  const { reportPage } = await import("../performance/report-page.ts");
  await writeFile(path, reportPage(data));
}

async function dataOf(recording: RunRecording): Promise<ReportData> {
  const { reportDataOf } = await import("../performance/report-data-of.ts");
  return reportDataOf(recording);
}
