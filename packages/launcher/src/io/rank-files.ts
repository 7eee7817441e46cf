import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exitCodes } from "../errors/exit-codes.ts";
import { LaunchError, reasonOf } from "../errors/launch-error.ts";
import type { OutputStream } from "../link/messages.ts";
import { openSink, type Sink } from "./sink.ts";

const extension: Record<OutputStream, string> = { stdout: "out", stderr: "err" };

/** Errors of a wrong name, which are usage errors. All others (permission, a full disk) are failures. */
const mistakes = ["EEXIST", "ENOTDIR", "ENOENT"];

/** `--output-dir`: `rank.07.out` and `rank.07.err`, with equally many digits, so that they sort; for ranks whose output is shown. Removes those of an earlier run. */
export class RankFiles {
  readonly name: (rank: number, stream: OutputStream) => string;
  readonly #sinks = new Map<string, Sink>();
  readonly #descriptors: number[] = [];

  constructor(directory: string, ranks: number, isShown: (rank: number) => boolean = () => true, restart = 0) {
    const digits = String(ranks - 1).length;
    this.name = (rank, stream) => join(directory, `rank.${String(rank).padStart(digits, "0")}.${extension[stream]}`);
    try {
      makeDirectory(directory);
    } catch (error) {
      const isMistake = mistakes.includes((error as NodeJS.ErrnoException).code ?? "");
      const code = isMistake ? exitCodes.usage : exitCodes.failure;
      throw new LaunchError(`--output-dir ${directory}: ${reasonOf(error)}`, code);
    }
    try {
      const old = restart === 0 ? /^rank\.\d+(\.\d+)?\.(out|err)$/ : /^rank\.\d+\.(out|err)$/;
      for (const name of readdirSync(directory)) if (old.test(name)) rmSync(join(directory, name));
      for (let rank = 0; rank < ranks; rank++) {
        if (!isShown(rank)) continue;
        for (const stream of ["stdout", "stderr"] as const) writeFileSync(this.name(rank, stream), "");
      }
    } catch (error) {
      throw new LaunchError(`--output-dir ${directory}: cannot write there: ${reasonOf(error)}`, exitCodes.failure);
    }
  }

  write(rank: number, stream: OutputStream, block: Uint8Array, written: (error: Error | undefined) => void): void {
    const name = this.name(rank, stream);
    let sink = this.#sinks.get(name);
    if (sink === undefined) {
      try {
        const descriptor = openSync(name, "a");
        this.#descriptors.push(descriptor);
        sink = openSink(descriptor);
      } catch (error) {
        written(error as Error);
        return;
      }
      this.#sinks.set(name, sink);
    }
    sink.write(block, (error) => written(error && Object.assign(error, { path: name })));
  }

  /** Nothing is written any more. */
  close(): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor);
  }
}

/** Keeps the files of a start that failed, before the next one: `rank.07.out` becomes `rank.07.0.out` after the first start. */
export function keepRankFiles(directory: string, restart: number): void {
  for (const name of readdirSync(directory)) {
    const [, rank, ending] = /^rank\.(\d+)\.(out|err)$/.exec(name) ?? [];
    if (rank !== undefined) renameSync(join(directory, name), join(directory, `rank.${rank}.${restart}.${ending}`));
  }
}

/** Not `recursive: true`: with it, Node never returns for a path in /proc. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && dirname(path) !== path) {
      makeDirectory(dirname(path));
      mkdirSync(path);
    } else if (!isDirectory(path)) {
      throw error;
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
