import type { Mail } from "@tsmpi/core/bootstrap";
import { count } from "./table.ts";

/** So many lines are shown. */
const most = 10;

/**
 * The warning about messages that were sent and never received, when all ranks have ended well; undefined when there are
 * none. `mails` has what each rank knew when it left, by rank. Nothing is lost by it: the program did not ask for them, which
 * often means that it asked for less than it meant to.
 */
export function describeUnreceived(mails: ReadonlyMap<number, Mail>): string | undefined {
  const lines: string[] = [];
  let total = 0;
  for (const [source, { sent }] of [...mails].sort(([a], [b]) => a - b)) {
    for (const [to, { count: messages, tag }] of Object.entries(sent)) {
      const there = mails.get(Number(to));
      let left = messages - (there?.received[source] ?? 0);
      total += Math.max(0, left);
      for (const kind of there?.unreceived ?? []) {
        if (kind.source !== source) continue;
        lines.push(`${count(kind.count, "message")} from rank ${source} to rank ${to} with tag ${kind.tag}`);
        left -= kind.count;
      }
      // What was still on its way when its receiver left is the latest: messages do not overtake each other.
      if (left > 0)
        lines.push(
          `${count(left, "message")} from rank ${source} to rank ${to}${left > 1 ? ", the last" : ""} with tag ${tag}`,
        );
    }
  }
  if (lines.length === 0) return undefined;
  if (lines.length === 1) return `never received: ${lines[0]}`;
  const rest = lines.length > most ? [`and ${lines.length - most} lines more`] : [];
  return [`never received: ${count(total, "message")}`, ...lines.slice(0, most), ...rest].join("\n  ");
}
