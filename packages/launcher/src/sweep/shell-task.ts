import { spawn } from "node:child_process";
import { once } from "node:events";

/** All that a command has written. */
export interface Output {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A command that has failed, as an error that travels to rank 0. */
export interface CommandFailure extends Error, Output {}

/** Runs a command with `/bin/sh -c`, without standard input. Rejects with a {@link CommandFailure} unless it ends with 0. */
export async function runCommand(command: string, signal: AbortSignal): Promise<Output> {
  // A process group of its own, so that a time limit ends what the shell has started, too.
  const child = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const stop = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {} // it has ended
  };
  signal.addEventListener("abort", stop, { once: true });
  process.once("exit", stop);
  const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => chunks[stream].push(chunk));
  }
  try {
    const [code, killedBy] = (await once(child, "close")) as [number | null, string | null];
    const output = { stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
    if (code === 0) return output;
    throw Object.assign(new Error(code === null ? `killed by ${killedBy}` : `exit code ${code}`), output);
  } finally {
    signal.removeEventListener("abort", stop);
    process.off("exit", stop);
  }
}
