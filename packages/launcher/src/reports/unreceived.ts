import type { Mail } from "@tsmpi/core/bootstrap";
import { count } from "./table.ts";

const mostLines = 10;

/**
 * The warning about messages that were sent and never received, after a good end of all ranks; undefined if there are none.
 * `mails` has what each rank knew when it left, by rank. The job loses nothing by it. But a program that does not receive a
 * message has often received less than it meant to.
 */
export function describeUnreceived(mails: ReadonlyMap<number, Mail>): string | undefined {
  const lines: string[] = [];
  let total = 0;
  for (const [source, { sent }] of [...mails].sort(([a], [b]) => a - b)) {
    for (const [to, { count: messages, tag }] of Object.entries(sent)) {
      const there = mails.get(Number(to));
      const missing = messages - (there?.received[source] ?? 0);
      total += Math.max(0, missing);
      const kinds = there?.unreceived.filter((kind) => kind.source === source) ?? [];
      const way = `from rank ${source} to rank ${to}`;
      lines.push(...kinds.map((kind) => `${count(kind.count, "message")} ${way} with tag ${kind.tag}`));
      // The latest ones had not arrived when the receiver left: messages do not overtake each other.
      const underway = missing - kinds.reduce((sum, kind) => sum + kind.count, 0);
      if (underway > 0)
        lines.push(`${count(underway, "message")} ${way}${underway > 1 ? ", the last" : ""} with tag ${tag}`);
    }
  }
  return describe(lines, total);
}

function describe(lines: readonly string[], total: number): string | undefined {
  if (lines.length === 0) return undefined;
  if (lines.length === 1) return `never received: ${lines[0]}`;
  const rest = lines.length > mostLines ? [`and ${lines.length - mostLines} lines more`] : [];
  return [`never received: ${count(total, "message")}`, ...lines.slice(0, mostLines), ...rest].join("\n  ");
}
