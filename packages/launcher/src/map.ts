import type { Allocation } from "./host.ts";
import type { Placement } from "./placement.ts";

/** `--display-map`: a table of hosts, slots and ranks, and where the slots came from. */
export function describeMap(placement: Placement, allocation: Allocation, isCrowded: boolean): string {
  const rows = placement.nodes.map(({ host, ranks }, node) => [
    String(node),
    host.name,
    String(host.slots),
    spans(ranks),
  ]);
  const title = isCrowded
    ? describeShortage(placement, allocation)
    : `${count(placement.size, "rank")}, ${count(placement.slots, "slot")} from ${allocation.source}`;
  return `${title}\n${columns([["node", "host", "slots", "ranks"], ...rows])}`;
}

/** Rows of cells as lines, the columns below each other. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** More ranks than slots work; one line says so. */
export function describeShortage({ size, slots }: Placement, { source }: Allocation): string {
  return `${count(size, "rank")} on ${count(slots, "slot")} from ${source}: ranks share slots`;
}

/** "1 rank", "2 ranks". */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** 0 1 2 3 7 -> "0-3 7". */
export function spans(ranks: readonly number[]): string {
  const found: [number, number][] = [];
  for (const rank of ranks) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === rank - 1) last[1] = rank;
    else found.push([rank, rank]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(" ");
}
