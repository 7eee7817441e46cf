import { basename } from "node:path";
import { programOfRank, programsOf, type RunOptions } from "../command/options.ts";
import { columns, count, spans } from "../reports/table.ts";
import type { Allocation } from "./host.ts";
import type { Placement } from "./placement.ts";

/** `--display-map`: a table of hosts, slots and ranks, and where the slots came from. */
export function describeMap(
  placement: Placement,
  allocation: Allocation,
  isCrowded: boolean,
  options: RunOptions,
): string {
  const several = options.others.length > 0;
  const rows = placement.nodes.map(({ host, ranks }, node) => [
    String(node),
    host.name,
    String(host.slots),
    spans(ranks),
    ...(several ? [programsOn(ranks, options)] : []),
  ]);
  const title = isCrowded
    ? describeShortage(placement, allocation)
    : `${count(placement.size, "rank")}, ${count(placement.slots, "slot")} from ${allocation.source}`;
  return `${title}\n${columns([["node", "host", "slots", "ranks", ...(several ? ["programs"] : [])], ...rows])}`;
}

/** `a.ts 0-1, b.ts 2-5`. */
function programsOn(ranks: readonly number[], options: RunOptions): string {
  const own = programsOf(options).map((program) => ({
    program,
    ranks: ranks.filter((rank) => programOfRank(options, rank) === program),
  }));
  const present = own.filter((each) => each.ranks.length > 0);
  return present.map((each) => `${basename(each.program.script)} ${spans(each.ranks)}`).join(", ");
}

/** The line that says that there are more ranks than slots, which works. */
export function describeShortage({ size, slots }: Placement, { source }: Allocation): string {
  return `${count(size, "rank")} on ${count(slots, "slot")} from ${source}: ranks share slots`;
}
