import { spawnSync } from "node:child_process";
import { isatty } from "node:tty";

/** The size of a terminal in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The size of the launcher's terminal; 80 x 24 if it has none. */
export function terminalSize(): TerminalSize {
  const { columns = 80, rows = 24 } = isatty(1) ? process.stdout : {};
  return { columns, rows };
}

/** A terminal for a rank: its size, and options of this host's `script`. */
export interface Terminal extends TerminalSize {
  options: string[];
}

/** @throws Error if this host has no `script` of util-linux. */
export function terminalHere(size: TerminalSize): Terminal {
  const { stdout } = spawnSync("script", ["--help"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  if (!/--return/.test(stdout ?? ""))
    throw new Error("--pty needs the program script of util-linux, which is not in PATH on this host");
  // Without it, from util-linux 2.35 on, input that is typed before the program begins is echoed.
  return { ...size, options: /--echo/.test(stdout) ? ["--echo", "never"] : [] };
}

/**
 * The command that runs `file` in a terminal of its own. Lines of its output end with \n, as from a pipe. Input is not echoed,
 * because the terminal where it is typed does that.
 */
export function onTerminal(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  { columns, rows, options }: Terminal,
): { file: string; args: string[]; environment: Record<string, string> } {
  const { SHELL: shell } = environment;
  const program = [file, ...args].map(quoted).join(" ");
  const restored = shell === undefined ? "unset SHELL;" : `SHELL=${quoted(shell)};`;
  const command = `stty -onlcr -echo columns ${columns} rows ${rows}; ${restored} exec ${program}`;
  // `script` runs its command in the user's shell, which may not understand this syntax.
  return {
    file: "script",
    args: [...options, "-qefc", command, "/dev/null"],
    environment: { ...environment, SHELL: "/bin/sh" },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
