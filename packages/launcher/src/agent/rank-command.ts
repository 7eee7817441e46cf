import type { RankProgram } from "../link/messages.ts";
import { command } from "../typescript/program.ts";

/** What to spawn for a rank: the script under Node, or the program of `tsmpi exec` as it is. */
export function rankCommand(
  { program, args, nodeOptions }: Pick<RankProgram, "program" | "args" | "nodeOptions">,
  directory: string,
): { file: string; args: string[] } {
  if ("executable" in program) return { file: program.executable, args };
  return command(program, directory, args, nodeOptions);
}
