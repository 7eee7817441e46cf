import { starterVariables } from "../link/keys.ts";
import { shellWords } from "../system/shell-words.ts";
import type { StartCommand } from "./starter.ts";

/**
 * What a starter that hands its words to a login shell says on the other host. The login shell may be any: bash, zsh, tcsh,
 * fish. Their quoting differs, so it gets two words without special characters.
 */
export const loginShellWords = "exec /bin/sh";

/**
 * /bin/sh reads the agent's command from its standard input. So does the key of the job, where the way there is private:
 * no other user can see it. The input stays open: its end tells the agent that the launcher or its starter has ended.
 */
export function throughLoginShell(
  words: readonly string[],
  key?: Uint8Array,
): Required<Pick<StartCommand, "input" | "holdsInput" | "ownGroup">> {
  const variables = starterVariables(key).join(" ");
  return { input: `export ${variables}; exec ${shellWords(words)}\n`, holdsInput: true, ownGroup: true };
}
