import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { exitCodes } from "../errors/exit-codes.ts";
import { handlesSignal } from "../system/process-stat.ts";

/** What signals to the launcher mean for the job. */
export interface SignalTarget {
  /** The ranks shall end, and the exit code shall be this. */
  interrupt(signal: NodeJS.Signals, code: number): void;
  /** At once. */
  kill(): void;
  /** Pass it on. */
  signal(signal: NodeJS.Signals): void;
}

// A terminal's Ctrl-C reaches a launcher that was started through npx or npm twice within a moment: from the terminal and from
// them. The SIGTERM of `qdel` comes from PBS and, under `timeout`, once or twice more. That is one wish, not several.
const oneWishMs = { SIGINT: 50, SIGTERM: 1000, SIGHUP: 1000 } as const;

/** From now on signals to the launcher reach the ranks. A second SIGINT or SIGTERM kills them. */
export function passSignalsOn(target: SignalTarget): void {
  let firstAt: number | undefined;
  const end = (signal: keyof typeof oneWishMs, code: number) => {
    const now = performance.now();
    if (firstAt === undefined) target.interrupt(signal, code);
    else if (now - firstAt > oneWishMs[signal]) target.kill();
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
 * when it starts, so what the process itself ignored is not known any more: its parent, `_` of the shell and the file
 * that `nohup` writes tell.
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
