import { readdirSync, readFileSync } from "node:fs";

/**
 * Kills every process that has an agent's mark in its environment, except this one: children of ranks which moved to
 * another process group or session. Linux only; elsewhere there is nothing to read. Returns how many were killed.
 */
export function killLeftovers(mark: string): number {
  let killed = 0;
  for (const name of entries("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      // Most are other users' processes, which the kernel refuses at once.
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) continue;
      process.kill(pid, "SIGKILL");
      killed++;
    } catch {}
  }
  return killed;
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
