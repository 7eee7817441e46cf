import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ScriptRun } from "./scheduler-contract.ts";

/**
 * A job script that runs a line of shell after `setUp`. Output, errors and exit code go to files that begin with `base`; they
 * are complete before the code is there, whatever still holds them open.
 */
export function submittedScript(setUp: string, line: string, base: string): string {
  return `#!/bin/bash
${setUp}
{
${line}
} > ${base}.out 2> ${base}.err
echo $? > ${base}.code.part; mv ${base}.code.part ${base}.code
`;
}

/** A job of {@link submittedScript}, and what its script has written. */
export class SubmittedRun implements ScriptRun {
  readonly result: Promise<{ code: number | null; stdout: string; stderr: string }>;
  readonly #base: string;
  readonly #isThere: () => boolean;

  /** `isThere` asks the scheduler whether it still has the job. */
  constructor(base: string, isThere: () => boolean) {
    this.#base = base;
    this.#isThere = isThere;
    this.result = this.#end();
  }

  get stdout(): string {
    return read(`${this.#base}.out`);
  }

  async shows(text: string, times = 1): Promise<void> {
    while (this.stdout.split(text).length <= times) {
      if (this.#isOver()) throw new Error(`ended before it showed "${text}" ${times} times:\n${this.#all()}`);
      await sleep(100);
    }
  }

  async #end(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    while (!this.#isOver()) await sleep(200);
    const code = read(`${this.#base}.code`);
    return { code: code === "" ? null : Number(code), stdout: this.stdout, stderr: read(`${this.#base}.err`) };
  }

  /** The script has ended, or was killed. */
  #isOver(): boolean {
    return existsSync(`${this.#base}.code`) || !this.#isThere();
  }

  /** Everything that was written, the scheduler's own file too. */
  #all(): string {
    return ["out", "err", "job"].map((end) => read(`${this.#base}.${end}`)).join("\n");
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // not yet
  }
}
