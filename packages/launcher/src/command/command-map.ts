import { usageError } from "../errors/launch-error.ts";

/** What `tsmpi map` asks for: a command of the shell, and its inputs. */
export interface CommandMap {
  /** `{}` stands for the input. */
  command: string;
  /** Undefined: rank 0 reads them from its standard input. */
  inputs: string[] | undefined;
  /** What ends an input of standard input. */
  separator: "\n" | "\0";
  ordered: boolean;
  retries: number;
  journal: string | undefined;
  taskTimeoutMs: number | undefined;
}

/**
 * The words of the command line after the options: `gzip -9 {} ::: a b`. Words are joined by blanks, so a command may be one quoted
 * word, as `sh -c` takes it, or several. A command without `{}` gets its input at the end, as with xargs and GNU parallel.
 */
export function commandMap(words: readonly string[]): CommandMap {
  const end = words.indexOf(":::");
  const command = (end < 0 ? words : words.slice(0, end)).join(" ").trim();
  if (command === "") throw usageError(`which command? For example: tsmpi map "gzip {}" ::: a.txt b.txt`);
  return {
    command: command.includes("{}") ? command : `${command} {}`,
    inputs: end < 0 ? undefined : words.slice(end + 1),
    separator: "\n",
    ordered: true,
    retries: 0,
    journal: undefined,
    taskTimeoutMs: undefined,
  };
}

/** The arguments of the program that each rank runs. Inputs are arguments of their own, because one may have at most 128 KiB. */
export function programArguments({ inputs, ...settings }: CommandMap): string[] {
  return [JSON.stringify({ ...settings, reads: inputs === undefined }), ...(inputs ?? [])];
}

/** Reads {@link programArguments}. */
export function readArguments([settings = "{}", ...inputs]: readonly string[]): CommandMap {
  const { reads, ...others } = JSON.parse(settings) as Omit<CommandMap, "inputs"> & { reads: boolean };
  return { ...others, inputs: reads ? undefined : inputs };
}

/** The command for one input, which is quoted: no character of it means anything to the shell. */
export function commandFor(command: string, input: string): string {
  const quoted = `'${input.replaceAll("'", `'\\''`)}'`;
  return command.replaceAll("{}", () => quoted);
}
