import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OutputStream } from "./control.ts";
import { LaunchError, reasonOf, usageError } from "./launch-error.ts";
import { openSink, type Sink } from "./sink.ts";

const extension: Record<OutputStream, string> = { stdout: "out", stderr: "err" };

/** `--output-dir`: `rank.07.out` and `rank.07.err`, with as many digits as sort well. Files of an earlier run are emptied. */
export class RankFiles {
  readonly name: (rank: number, stream: OutputStream) => string;
  readonly #sinks = new Map<string, Sink>();

  constructor(directory: string, ranks: number) {
    const digits = String(ranks - 1).length;
    this.name = (rank, stream) => join(directory, `rank.${String(rank).padStart(digits, "0")}.${extension[stream]}`);
    try {
      mkdirSync(directory, { recursive: true });
    } catch (error) {
      throw usageError(`--output-dir ${directory}: ${reasonOf(error)}`);
    }
    try {
      for (let rank = 0; rank < ranks; rank++) {
        for (const stream of ["stdout", "stderr"] as const) writeFileSync(this.name(rank, stream), "");
      }
    } catch (error) {
      throw new LaunchError(`cannot write into ${directory}: ${reasonOf(error)}`);
    }
  }

  write(rank: number, stream: OutputStream, block: Uint8Array, written: (error: Error | undefined) => void): void {
    const name = this.name(rank, stream);
    let sink = this.#sinks.get(name);
    if (sink === undefined) {
      try {
        sink = openSink(openSync(name, "a"));
      } catch (error) {
        written(error as Error);
        return;
      }
      this.#sinks.set(name, sink);
    }
    sink.write(block, (error) => written(error && Object.assign(error, { path: name })));
  }
}
