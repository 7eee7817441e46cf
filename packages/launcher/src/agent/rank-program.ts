import { basename, join } from "node:path";
import type { HostPlan, RankProgram } from "../link/messages.ts";

/** Which of the programs a rank runs: the index in `plan.programs`. */
export function programIndex({ programs }: Pick<HostPlan, "programs">, rank: number): number {
  return programs.findLastIndex(({ firstRank }) => firstRank <= rank);
}

export function programOf(plan: Pick<HostPlan, "programs">, rank: number): RankProgram {
  return plan.programs[programIndex(plan, rank)]!;
}

/** Whether the ranks are Node with a script (`tsmpi run`), and not any programs (`tsmpi exec`). */
export function runsScripts({ programs }: Pick<HostPlan, "programs">): boolean {
  return programs.every(({ program }) => !("executable" in program));
}

/** The program's name for messages: `worker.ts`. */
export function nameOfProgram({ program }: RankProgram): string {
  return basename("executable" in program ? program.executable : program.script);
}

/** Where the files of a program are. Programs may have files of the same names with other contents. */
export function programDirectory(directory: string, index: number): string {
  return index === 0 ? directory : join(directory, `program.${index}`);
}
