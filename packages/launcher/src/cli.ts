import { writeSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { inOurWords } from "./command/foreign-options.ts";
import { refuseManyStarts } from "./command/many-starts.ts";
import { defaultOptions, doctorOptionTable, optionTable, type RunOptions } from "./command/options.ts";
import { exitCodes } from "./errors/exit-codes.ts";
import { startedBy } from "./hosts/task.ts";
import { version } from "./system/version.ts";

/** The command `tsmpi`: words become options, what went wrong becomes a sentence, and all ends in an exit code. */
export async function main(words: string[]): Promise<void> {
  process.on("uncaughtException", (error) => process.exit(explain(error)));
  process.exit(await answer(words));
}

async function answer(words: string[]): Promise<number> {
  const request = parse(words);
  if (typeof request === "number") return request;
  try {
    return await request();
  } catch (error) {
    return explain(error);
  }
}

/** What to do, or the exit code when there is nothing to do: help, the version, a mistake. */
function parse(words: string[]): (() => Promise<number>) | number {
  let request: (() => Promise<number>) | undefined;
  const program = new Command("tsmpi")
    .description("MPI for TypeScript: runs a script as many processes that talk to each other.")
    .version(version)
    .usage("run [options] <script> [args...]")
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText("before", `${examples}\n`)
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(sentence(text)) });
  const subcommand = (isCommand: boolean, words: { name: string; what: string; does: string; examples: string }) => {
    const given: ((options: RunOptions) => void)[] = [];
    const command = program
      .command(words.name)
      .description(words.does)
      .usage(`[options] <${words.what}> [args...]`)
      .argument(
        `<${words.what}>`,
        isCommand ? "any program: a path, or a name in PATH" : "what to run: .ts .mts .js .mjs",
      )
      .argument("[args...]", `belong to the ${words.what}, options too`)
      .passThroughOptions()
      .addHelpText("before", `${words.examples}\n`)
      .addHelpText("after", `\n${exits}`)
      .copyInheritedSettings(program)
      .action((script: string, args: string[]) => {
        const options = defaultOptions(script, args, isCommand);
        for (const change of given) change(options);
        refuseManyStarts(words.name, options, startedBy());
        request = async () => (await import("./job/run.ts")).run(options);
      });
    takeOptions(command, optionTable, given);
  };
  const does = "Runs a script as many processes that talk to each other.";
  subcommand(false, { name: "run", what: "script", does, examples });
  const doesExec = "Runs any program on the slots of the job, with the same output, signals and exit codes.";
  subcommand(true, { name: "exec", what: "program", does: doesExec, examples: execExamples });
  const given: ((options: RunOptions) => void)[] = [];
  const doctor = program
    .command("doctor")
    .description("Looks at the hosts of the job for what usually goes wrong; exit code 1 when something is wrong.")
    .usage("[options]")
    .copyInheritedSettings(program)
    .action(() => {
      const options = defaultOptions("", [], false);
      for (const change of given) change(options);
      refuseManyStarts("doctor", options, startedBy());
      request = async () => (await import("./doctor/doctor.ts")).doctor(options);
    });
  takeOptions(doctor, doctorOptionTable, given);
  if (words.length === 0) {
    program.outputHelp({ error: true });
    return exitCodes.usage;
  }
  try {
    program.parse(inOurWords(words), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return explain(error);
    return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  }
  return request ?? exitCodes.usage;
}

/** Adds options to a command; what they change is told in the order in which they were given. */
function takeOptions(command: Command, table: typeof optionTable, given: ((options: RunOptions) => void)[]): void {
  for (const { flags, description, apply } of table) {
    const name = /--([a-z-]+)/.exec(flags)![1]!;
    command.option(flags, description);
    command.on(`option:${name}`, (value: string | null) => given.push((options) => apply(options, value ?? "")));
  }
}

/** Errors that were meant for the user carry their exit code; any other is a bug of tsmpi. */
function explain(error: unknown): number {
  const { exitCode, message, stack } = error as { exitCode?: unknown; message?: string; stack?: string };
  const expected = typeof exitCode === "number";
  complain(expected ? `${message}` : `internal error: ${message ?? String(error)} (TSMPI_DEBUG=1 shows where)`);
  if (!expected && process.env["TSMPI_DEBUG"] !== undefined && stack !== undefined) complain(stack);
  return expected ? exitCode : exitCodes.launch;
}

/** commander's complaint in our form: one line, no "error:". */
function sentence(text: string): string {
  const [complaint = "", suggestion] = text.trim().split("\n");
  const words = complaint
    .replace(/^error: /, "")
    .replace(/^unknown option '-(n|np|-np)'$/, "$& (did you mean tsmpi run -n ...?)")
    .replace(/^unknown command '(\S+\.[cm]?[jt]sx?)'$/, "$& (did you mean tsmpi run $1?)")
    .replace(/^missing required argument 'program'$/, "which program? For example: tsmpi exec -n 4 hostname")
    .replace(/^missing required argument 'script'$/, "which script? For example: tsmpi run -n 4 script.ts");
  const hint = /Did you mean (?:one of )?(.*)\?/i.exec(suggestion ?? "")?.[1];
  return hint === undefined ? words : `${words} (did you mean ${hint}?)`;
}

function complain(text: string): void {
  try {
    writeSync(2, `tsmpi: ${text}\n`);
  } catch {} // nobody is there to read it
}

const examples = `Examples:
  tsmpi run -n 8 script.ts              eight ranks of script.ts on this machine
  tsmpi run -n 4 script.ts --size 10    what follows the script belongs to the script
  tsmpi run -n 4 --tag-output script.ts
                                        each line of output with the rank that wrote it: [3] text
  tsmpi run -n 4 --output-dir out script.ts
                                        a file for each rank: out/rank.3.out, out/rank.3.err
  tsmpi run -n 4 --timeout 60 --env DEBUG=1 script.ts > result.txt`;

const execExamples = `Examples:
  tsmpi exec hostname                   once on each slot of the job
  tsmpi exec -n 4 --tag-output sh -c 'nproc; ulimit -n'`;

const exits = `\
Options of mpiexec and srun are understood where tsmpi has the same thing (-np -H -f -x -genv -wdir -l -timeout
-tag-output -output-filename --oversubscribe); others (-ppn, --map-by ...) are answered with what to write.

Exit code: 0 when every rank ended with 0, else that of the first rank to fail (128 + n when signal n killed it);
2 usage, 123 deadlock, 124 time-out, 125 could not launch, 130 and 143 when interrupted, 141 nobody reads the output.`;
