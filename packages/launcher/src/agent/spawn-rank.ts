import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { OutputStream } from "../link/messages.ts";
import { findCommand } from "../system/find-command.ts";
import { onTerminal, type Terminal } from "../system/pty.ts";
import { type Apart, leadingGroup } from "./process-group.ts";
import { type Ends, openOutput, type RankPipes } from "./rank-pipes.ts";

export interface RankStart {
  file: string;
  args: string[];
  environment: Record<string, string>;
  directory: string;
  apart: Apart;
  /** The CPUs that it is bound to; undefined: none. */
  cpus: number[] | undefined;
  /** Undefined: it has pipes alone. */
  terminal: Terminal | undefined;
  /** Whether its standard input comes from the launcher; else it is empty. */
  withInput: boolean;
  /** Its pipes; undefined where the system has none with names. */
  pipes: RankPipes | undefined;
  /** The pipe of its standard input, where it can have one. */
  input: Ends | undefined;
  showPartialLines: Record<OutputStream, boolean>;
  promptsAtOnce: boolean;
  /** After a good end, its children may go on until they have closed the streams. */
  waitsForChildren: boolean;
}

/** A rank's process, and this end of its streams. */
export interface SpawnedRank {
  child: ChildProcess;
  input: Writable | undefined;
  /** Its stdout and its stderr. */
  streams: [Readable, Readable];
}

/** @throws Error when its pipes cannot be opened. A program that cannot be started is an `error` event of the child. */
export function spawnRank(start: RankStart): SpawnedRank {
  const { file, args, environment } = commandOf(start);
  const { input, pipes } = start;
  const [stdout, stderr] = pipes === undefined ? [] : [openOutput(pipes.stdout), openOutput(pipes.stderr)];
  const child = spawn(file, args, {
    stdio: [input?.theirs ?? (start.withInput ? "pipe" : "ignore"), stdout?.theirs ?? "pipe", stderr?.theirs ?? "pipe"],
    cwd: start.directory,
    env: environment,
    detached: start.apart === "session",
  });
  for (const ends of [input, stdout, stderr]) if (ends !== undefined) closeSync(ends.theirs);
  return {
    child,
    input: input?.ours ?? child.stdin ?? undefined,
    streams: [stdout?.ours ?? child.stdout!, stderr?.ours ?? child.stderr!],
  };
}

/** The rank's command, within the programs that give it a terminal, CPUs and a process group. */
function commandOf({ file, args, environment, terminal, apart, cpus }: RankStart): CommandLine {
  const inner = terminal === undefined ? { file, args, environment } : onTerminal(file, args, environment, terminal);
  const program = cpus === undefined ? inner : onCpus(cpus, inner);
  return apart === "group" ? leadingGroup(program.file, program.args, program.environment) : program;
}

/**
 * The command that runs a program on these CPUs alone, from its first thread on. A process that is bound after its start has
 * threads that are not. Costs 1 ms.
 */
function onCpus(cpus: readonly number[], { file, args, environment }: CommandLine): CommandLine {
  return { file: findCommand("taskset") ?? "taskset", args: ["-c", cpus.join(","), file, ...args], environment };
}

type CommandLine = Pick<RankStart, "file" | "args" | "environment">;
