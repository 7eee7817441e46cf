import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { commandMap, programArguments } from "./command/command-map.ts";
import { refuseManyStarts } from "./command/many-starts.ts";
import { doctorOptionTable, mapOptionTable, type Option, optionTable } from "./command/option-table.ts";
import { defaultOptions, type RunOptions } from "./command/options.ts";
import { inPrograms, laterOptionTable, laterProgram } from "./command/programs.ts";
import { exitCodes } from "./errors/exit-codes.ts";
import { startedBy } from "./hosts/task.ts";
import { closeUnwantedDebugger } from "./system/debugger.ts";
import { builtFile } from "./system/package-files.ts";
import { version } from "./system/version.ts";

/** The command `tsmpi`: reads the command line, runs what it asks for, and ends with an exit code. */
export async function main(words: string[]): Promise<void> {
  closeUnwantedDebugger();
  process.on("uncaughtException", (error) => process.exit(explain(error)));
  process.exit(await answer(words));
}

/** Does what the command line asks for, and gives the exit code. */
type Request = () => Promise<number>;

async function answer(words: string[]): Promise<number> {
  const request = parse(words);
  if (typeof request === "number") return request;
  try {
    return await request();
  } catch (error) {
    return explain(error);
  }
}

/** The request of a command line, or the exit code if there is nothing to run: help, the version, a mistake. */
function parse(words: string[]): Request | number {
  let request: Request | undefined;
  try {
    const [first, ...later] = inPrograms(words);
    const program = commands((found) => {
      request = found;
    }, later);
    if (words.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    program.parse(first, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return explain(error);
    return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  }
  return request ?? exitCodes.usage;
}

/** All commands. Parsing calls `ask` with the request of the one that was given. `later`: further programs of the job. */
function commands(ask: (request: Request) => void, later: readonly string[][]): Command {
  const program = new Command("tsmpi")
    .description("MPI for TypeScript: runs a script as many processes that talk to each other.")
    .version(version)
    .usage("run [options] <script> [args...]")
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText("before", `${examples}\n`)
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(sentence(text)) });
  addRun(program, ask, {
    name: "run",
    what: "script",
    whatItIs: "what to run: .ts .mts .js .mjs",
    does: "Runs a script as many processes that talk to each other.",
    examples,
    later,
  });
  addRun(program, ask, {
    name: "exec",
    what: "program",
    whatItIs: "any program: a path, or a name in PATH",
    does: "Runs any program on the slots of the job, with the same output, signals and exit codes.",
    examples: execExamples,
    later,
  });
  addMap(program, ask);
  addReport(program, ask);
  addDoctor(program, ask);
  return program;
}

interface RunCommand extends Record<"name" | "what" | "whatItIs" | "does" | "examples", string> {
  /** The words of the programs after the first. */
  later: readonly string[][];
}

function addRun(program: Command, ask: (request: Request) => void, run: RunCommand): void {
  const { name, what, does, examples, later } = run;
  const command = program
    .command(name)
    .description(does)
    .usage(`[options] <${what}> [args...] [: [options] <${what}> [args...]]...`)
    .addHelpText("before", `${examples}\n`)
    .addHelpText("after", `\n${exits}`);
  const changes = takeOptions(takeProgram(command, program, run), optionTable);
  command.action((script: string, args: string[]) => {
    const options = changed(defaultOptions(script, args, name === "exec"), changes);
    options.others = later.map((words) => parseLater(words, program, run, options));
    refuseManyStarts(name, options, startedBy());
    ask(async () => (await import("./job/run.ts")).run(options));
  });
}

/** Makes a command take a program and its arguments. */
function takeProgram(command: Command, program: Command, { what, whatItIs }: RunCommand): Command {
  return command
    .argument(`<${what}>`, whatItIs)
    .argument("[args...]", `belong to the ${what}, options too`)
    .passThroughOptions()
    .copyInheritedSettings(program);
}

/** Reads a program after a lone `:`, by the same rules as the first one. */
function parseLater(words: readonly string[], program: Command, run: RunCommand, first: RunOptions): RunOptions {
  const command = takeProgram(new Command(run.name), program, run);
  const changes = takeOptions(command, laterOptionTable);
  command.parse([...words], { from: "user" });
  const [script = "", ...args] = command.args;
  return changed(laterProgram(first, script, args), changes);
}

function addMap(program: Command, ask: (request: Request) => void): void {
  const command = program
    .command("map")
    .description("Runs a command of the shell for each input, on the ranks of the job: sweeps of programs.")
    .usage("[options] <command> [::: inputs...]")
    .argument("<command>", "a command of the shell; {} stands for the input, which is quoted")
    .argument("[words...]", "more of the command; after :::, the inputs (default: the lines of standard input)")
    .passThroughOptions()
    .addHelpText("before", `${mapExamples}\n`)
    .addHelpText("after", `\n${mapExits}`)
    .copyInheritedSettings(program);
  const ownChanges = takeOptions(command, mapOptionTable);
  const changes = takeOptions(command, optionTable);
  command.action((first: string, words: string[]) => {
    const map = changed(commandMap([first, ...words]), ownChanges);
    const script = fileURLToPath(builtFile("map-program.js"));
    const options = changed({ ...defaultOptions(script, programArguments(map), false), countsFailures: true }, changes);
    refuseManyStarts("map", options, startedBy());
    ask(async () => (await import("./job/run.ts")).run(options));
  });
}

function addReport(program: Command, ask: (request: Request) => void): void {
  program
    .command("report")
    .description(
      "Shows a recorded run (tsmpi run --record FILE.tsrec): as a page, a trace, lines, or beside other runs.",
    )
    .usage("[options] <recording> [recordings...]")
    .argument("<recording>", "a file that --record has written")
    .argument("[recordings...]", "further ones, for --compare and --scaling")
    .option(
      "-o, --output <FILE>",
      "FILE.html: a page (default: beside the recording); FILE.json, FILE.json.gz: a trace",
    )
    .option("--summary", "ten lines: where the time went")
    .option("--compare", "what changed from the first recording to the second, the biggest changes first")
    .option("--scaling", "how the same program runs on several numbers of ranks")
    .addHelpText("before", `${reportExamples}\n`)
    .copyInheritedSettings(program)
    .action(
      (
        first: string,
        others: string[],
        options: { output?: string; summary?: true; compare?: true; scaling?: true },
      ) => {
        const { output, summary = false, compare = false, scaling = false } = options;
        const wanted = { recordings: [first, ...others], output, summary, compare, scaling };
        ask(async () => (await import("./performance/report-command.ts")).report(wanted));
      },
    );
}

function addDoctor(program: Command, ask: (request: Request) => void): void {
  const command = program
    .command("doctor")
    .description("Looks at the hosts of the job for what usually goes wrong; exit code 1 when something is wrong.")
    .usage("[options]")
    .copyInheritedSettings(program);
  const changes = takeOptions(command, doctorOptionTable);
  command.action(() => {
    const options = changed(defaultOptions("", [], false), changes);
    refuseManyStarts("doctor", options, startedBy());
    ask(async () => (await import("./doctor/doctor.ts")).doctor(options));
  });
}

/** A change that an option on the command line makes. */
type Change<O> = (options: O) => void;

/** Adds options to a command. Parsing fills the list of their changes, in the order in which they were given. */
function takeOptions<O>(command: Command, table: readonly Option<O>[]): readonly Change<O>[] {
  const changes: Change<O>[] = [];
  for (const { flags, description, apply } of table) {
    const name = /--([a-z-]+)/.exec(flags)![1]!;
    command.option(flags, description);
    command.on(`option:${name}`, (value: string | null) => changes.push((options) => apply(options, value ?? "")));
  }
  return changes;
}

function changed<O>(options: O, changes: readonly Change<O>[]): O {
  for (const change of changes) change(options);
  return options;
}

/** Reports an error and gives its exit code. Errors for the user have an exit code; any other error is a bug of tsmpi. */
function explain(error: unknown): number {
  const { exitCode, message, stack } = error as { exitCode?: unknown; message?: string; stack?: string };
  const expected = typeof exitCode === "number";
  complain(expected ? `${message}` : `internal error: ${message ?? String(error)} (TSMPI_DEBUG=1 shows where)`);
  if (!expected && process.env["TSMPI_DEBUG"] !== undefined && stack !== undefined) complain(stack);
  return expected ? exitCode : exitCodes.launch;
}

/** commander's message in the form of tsmpi: one line, no "error:". */
function sentence(text: string): string {
  const [complaint = "", suggestion] = text.trim().split("\n");
  const words = complaint
    .replace(/^error: /, "")
    .replace(/^unknown option '-(n|np|-np)'$/, "$& (did you mean tsmpi run -n ...?)")
    .replace(/^unknown command '(\S+\.[cm]?[jt]sx?)'$/, "$& (did you mean tsmpi run $1?)")
    .replace(
      /^missing required argument 'command'$/,
      `which command? For example: tsmpi map -n 4 "gzip {}" ::: a.txt b.txt`,
    )
    .replace(/^missing required argument 'program'$/, "which program? For example: tsmpi exec -n 4 hostname")
    .replace(/^missing required argument 'script'$/, "which script? For example: tsmpi run -n 4 script.ts");
  const hint = /Did you mean (?:one of )?(.*)\?/i.exec(suggestion ?? "")?.[1];
  return hint === undefined ? words : `${words} (did you mean ${hint}?)`;
}

function complain(text: string): void {
  try {
    writeSync(2, `tsmpi: ${text}\n`);
  } catch {} // stderr is closed
}

const examples = `Examples:
  tsmpi run -n 8 script.ts              eight ranks of script.ts on this machine
  tsmpi run -n 4 script.ts --size 10    what follows the script belongs to the script
  tsmpi run -n 4 --tag-output script.ts
                                        each line of output with the rank that wrote it: [3] text
  tsmpi run -n 4 --output-dir out script.ts
                                        a file for each rank: out/rank.3.out, out/rank.3.err
  tsmpi run -n 1 master.ts : -n 7 worker.ts
                                        two programs in one world: docs/placement.md
  tsmpi run -n 4 --timeout 60 --env DEBUG=1 script.ts > result.txt`;

const execExamples = `Examples:
  tsmpi exec hostname                   once on each slot of the job
  tsmpi exec -n 4 --tag-output sh -c 'nproc; ulimit -n'`;

const mapExamples = `Examples:
  tsmpi map -n 8 "gzip -9 {}" ::: *.log           eight commands at a time
  tsmpi map "./simulate --seed {} > out.{}" ::: 1 2 3
  find . -name '*.mp4' -print0 | tsmpi map -0 "ffmpeg -i {} {}.webm"`;

const reportExamples = `Examples:
  tsmpi run -n 8 --report run.html solver.ts      the page at once
  tsmpi run -n 8 --record run.tsrec solver.ts     the recording; then:
  tsmpi report run.tsrec                          run.html
  tsmpi report --compare before.tsrec after.tsrec
  tsmpi report --scaling n1.tsrec n2.tsrec n4.tsrec -o scaling.html`;

const mapExits = `\
{} is replaced by the input in quotes, so write no quotes around it. A command without {} gets its input at the end.
The output of each command is shown as a whole, in the order of the inputs. No input is no work.

Exit code: the number of commands that failed, 101 for more than 100; else as for tsmpi run.`;

const exits = `\
Options of mpiexec and srun work if tsmpi has the same thing (-np -H -f -x -genv -wdir -l -timeout -tag-output
-output-filename -ppn --map-by --bind-to). For others (--rank-by, --mca ...) the error says what to write.

Exit code: 0 when every rank ended with 0, else that of the first rank to fail (128 + n when signal n killed it);
2 usage, 123 deadlock, 124 time-out, 125 could not launch, 130 and 143 when interrupted, 141 the reader of the output went away.`;
