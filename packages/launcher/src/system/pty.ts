import { spawnSync } from "node:child_process";
import { isatty } from "node:tty";

/** The size of a terminal in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** Of the launcher's terminal; that of a usual one where it has none. */
export function terminalSize(): TerminalSize {
  const { columns = 80, rows = 24 } = isatty(1) ? process.stdout : {};
  return { columns, rows };
}

/** A terminal for a rank: its size, and options of this host's `script`. */
export interface Terminal extends TerminalSize {
  options: string[];
}

/** @throws Error when this host has no `script` that gives a program a terminal. */
export function terminalHere(size: TerminalSize): Terminal {
  const { stdout } = spawnSync("script", ["--help"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  if (!/--return/.test(stdout ?? ""))
    throw new Error("--pty needs the program script of util-linux, which is not in PATH on this host");
  // Without it, from util-linux 2.35 on, what is typed before the program has begun is echoed.
  return { ...size, options: /--echo/.test(stdout) ? ["--echo", "never"] : [] };
}

/**
 * The command that runs `file` in a terminal of its own, whose output comes as that of a pipe: lines end with \n. Input is not
 * echoed, since the terminal in which it is typed does that.
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
  // It gives its command to the user's shell, which may be one that does not understand this.
  return {
    file: "script",
    args: [...options, "-qefc", command, "/dev/null"],
    environment: { ...environment, SHELL: "/bin/sh" },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
