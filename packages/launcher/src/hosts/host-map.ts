import { columns, count, spans } from "../reports/table.ts";
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

/** The line that says that there are more ranks than slots, which works. */
export function describeShortage({ size, slots }: Placement, { source }: Allocation): string {
  return `${count(size, "rank")} on ${count(slots, "slot")} from ${source}: ranks share slots`;
}
