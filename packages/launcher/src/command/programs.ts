import { usageError } from "../errors/launch-error.ts";
import { readNamed } from "../system/named-file.ts";
import { inOurWords, splitOptions } from "./foreign-options.ts";
import { type Option, optionTable } from "./option-table.ts";
import { words as wordsOf } from "./option-values.ts";
import type { RunOptions } from "./options.ts";

/*
 * Several programs in one job (MPMD): `tsmpi run -n 2 a.ts : -n 6 b.ts`, or `--app FILE` with a program on each line.
 */

/**
 * The command line in parts, one for each program, all in options of tsmpi: the first has the name of the command and
 * the options of the whole job. A lone `:` is between two programs; a program gets `\:` as `:`.
 */
export function inPrograms(words: readonly string[]): [first: string[], ...later: string[][]] {
  const [command] = words;
  if (command !== "run" && command !== "exec") return [inOurWords(words)];
  const [first = [], ...later] = splitAtColons(words);
  const lines = linesOfApp(first);
  if (lines === undefined) return [inOurWords(first), ...later.map(inOurOptions)];
  const { options, file, rest } = lines;
  const extra = rest[0] ?? (later.length > 0 ? ":" : undefined);
  if (extra !== undefined)
    throw usageError(`--app ${file}: its lines are the programs, so ${extra} cannot be on the command line, too`);
  const [top = [], ...below] = programLines(file);
  return [inOurWords([command, ...options, ...top]), ...below.map(inOurOptions)];
}

function splitAtColons(words: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (word === ":") parts.push([]);
    else parts.at(-1)!.push(word === "\\:" ? ":" : word);
  }
  if (parts.length > 1 && parts.some((part, index) => part.length === (index === 0 ? 1 : 0)))
    throw usageError("a program is missing beside a lone : (an argument that is a colon is written \\:)");
  return parts;
}

function inOurOptions(part: readonly string[]): string[] {
  const { options, rest } = splitOptions(part);
  return [...options, ...rest];
}

/** The value of `--app` among the options, and the words besides it; undefined without that option. */
function linesOfApp([, ...words]: readonly string[]): { options: string[]; file: string; rest: string[] } | undefined {
  const { options, rest } = splitOptions(words);
  const at = options.findIndex((word) => /^--app(=|$)/.test(word));
  if (at < 0) return undefined;
  const attached = options[at]!.slice("--app=".length);
  const file = options[at] === "--app" ? options[at + 1] : attached;
  if (!file) throw usageError("--app: a file is missing");
  options.splice(at, options[at] === "--app" ? 2 : 1);
  return { options, file, rest };
}

/** The lines of the file, as a shell's words. A line is what would stand between two colons. */
function programLines(file: string): string[][] {
  const text = readNamed(file, (reason) => usageError(`--app ${file}: ${reason}`));
  const lines = text.split("\n").map((line) => wordsOf(line.replace(/(^|\s)#.*$/, "$1")));
  const programs = lines.filter((line) => line.length > 0);
  if (programs.length === 0) throw usageError(`--app ${file}: it has no program; a line is -n 2 script.ts [args...]`);
  return programs;
}

/** Options that each program has for itself. Those of the first program hold for later ones that do not say other. */
const ofProgram = /--(np|env|wdir|node-options)\b/;

/** The options of a later program. One of the whole job is refused there, with the place where it belongs. */
export const laterOptionTable: readonly Option[] = optionTable.map((option) =>
  ofProgram.test(option.flags)
    ? option
    : {
        ...option,
        apply() {
          const [name] = /--[a-z-]+/.exec(option.flags)!;
          throw usageError(`${name} after a lone : is an option of the whole job: write it before the first program`);
        },
      },
);

/** What a later program has before its own options are read: all but the number of ranks is as for the first one. */
export function laterProgram(first: RunOptions, script: string, args: string[]): RunOptions {
  const { environment, nodeOptions } = first;
  return {
    ...first,
    script,
    args,
    ranks: undefined,
    environment: { ...environment },
    nodeOptions: [...nodeOptions],
    others: [],
  };
}
