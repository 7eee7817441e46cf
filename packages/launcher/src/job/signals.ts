import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { exitCodes } from "../errors/exit-codes.ts";
import { handlesSignal } from "../system/process-stat.ts";

/** What signals to the launcher mean for the job. See JobEnd. */
export interface SignalTarget {
  /** Ends the ranks; the exit code will be `code`. */
  interrupt(signal: NodeJS.Signals, code: number): void;
  /** Ends them at once. */
  kill(): void;
  /** Passes the signal on to the ranks. */
  signal(signal: NodeJS.Signals): void;
}

// One request to end arrives as several signals: a terminal's Ctrl-C reaches a launcher below npx or npm twice within a
// moment, from the terminal and from npm; a scheduler's SIGTERM comes once more from a `timeout` around the launcher.
const oneRequestMs = { SIGINT: 50, SIGTERM: 1000, SIGHUP: 1000 } as const;

/** From now on signals to the launcher reach the ranks. A second SIGINT or SIGTERM kills them. */
export function passSignalsOn(target: SignalTarget): void {
  let firstAt: number | undefined;
  const end = (signal: keyof typeof oneRequestMs, code: number) => {
    const now = performance.now();
    if (firstAt === undefined) target.interrupt(signal, code);
    else if (now - firstAt > oneRequestMs[signal]) target.kill();
    firstAt ??= now;
  };
  process.on("SIGINT", () => end("SIGINT", exitCodes.interrupted));
  process.on("SIGTERM", () => end("SIGTERM", exitCodes.terminated));
  const ignored = ignoresHangup();
  process.on("SIGHUP", () => {
    if (!ignored) end("SIGHUP", exitCodes.terminated);
  });
  process.on("SIGUSR1", () => target.signal("SIGUSR1"));
  process.on("SIGUSR2", () => target.signal("SIGUSR2"));
  // Ranks have sessions of their own, which a terminal's Ctrl-Z does not reach.
  process.on("SIGTSTP", () => {
    target.signal("SIGSTOP");
    setTimeout(() => process.kill(process.pid, "SIGSTOP"), 10);
  });
  process.on("SIGCONT", () => target.signal("SIGCONT"));
}

/**
 * Whether the launcher was started to outlive its terminal (`nohup`, `trap "" HUP`). Node restores every signal's default
 * when it starts, so what the process itself ignored cannot be read any more. Its parent, the shell's variable `_` and the
 * file that `nohup` writes tell it.
 */
function ignoresHangup(): boolean {
  const { _: started = "" } = process.env;
  return basename(started) === "nohup" || [1, 2].some(isNohupFile) || handlesSignal(process.ppid, "SIGHUP", ["Ign"]);
}

function isNohupFile(fd: number): boolean {
  try {
    return basename(readlinkSync(`/proc/self/fd/${fd}`)) === "nohup.out";
  } catch {
    return false;
  }
}
