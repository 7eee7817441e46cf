import { readFileSync } from "node:fs";

/** How the kernel schedules threads, as /proc says it. */
export const policies = { other: "0", batch: "3" };

/** Of a thread of this process. See proc(5): the 41st field is the policy, the second one is the name, in parentheses. */
export function policyOf(thread: string | number): string | undefined {
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[41 - 3];
}
