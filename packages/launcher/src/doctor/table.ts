import { columns } from "../reports/table.ts";
import type { Links, ProbedHost } from "./facts.ts";

/** A line for each host, with what the checks look at. */
export function table(hosts: readonly ProbedHost[]): string {
  const title = "host,slots,CPUs,tsmpi,Node.js,directory,files,processes,/dev/shm,TMPDIR,clock,reaches,node path";
  const rows = hosts.map(({ name, slots, facts, links }, rank) => {
    if (facts === undefined) return [name, String(slots), "?", "?", "?", "?", "?", "?", "?", "?", "?", "?", "?"];
    return [
      name,
      String(slots),
      String(facts.cpus),
      facts.version,
      facts.nodeVersion,
      facts.directory,
      String(facts.openFiles ?? "any"),
      String(facts.processes ?? "any"),
      size(facts.memoryBytes),
      size(facts.temporaryBytes),
      rank === 0 ? "first" : clock(links?.clockMs),
      reach(hosts.length - 1, links),
      facts.nodePath,
    ];
  });
  return columns([title.split(","), ...rows]);
}

function clock(ms: number | undefined): string {
  return ms === undefined ? "?" : `${ms < 0 ? "-" : "+"}${Math.abs(Math.round(ms))} ms`;
}

/** "2 of 3, 0.4 ms": the slowest. */
function reach(others: number, links: Links | undefined): string {
  if (others === 0) return "-";
  const times = Object.values(links?.links ?? {}).flatMap((link) => ("roundTripMs" in link ? [link.roundTripMs] : []));
  const slowest = times.length === 0 ? "" : `, ${Math.max(...times).toFixed(1)} ms`;
  return `${times.length} of ${others}${slowest}`;
}

/** "953 MiB"; "none" if there is no such place. */
export function size(bytes: number | undefined): string {
  if (bytes === undefined) return "none";
  return bytes < 1 << 30 ? `${Math.floor(bytes / (1 << 20))} MiB` : `${Math.floor(bytes / (1 << 30))} GiB`;
}
