import { readFileSync } from "node:fs";

/**
 * The fields of `/proc/<pid>/stat` that follow the process's name, which may contain any characters: the kernel's field n is at
 * `n - 3`, so that the first one is the state. Undefined if there is no such process, or no /proc.
 */
export function processStatFields(pid: number | "self"): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
