import type { ReportData } from "../../performance/report-data.ts";
import { drawNetwork, type Edge, type Node } from "../charts/network.ts";
import { Alternative, add, clear, Entries, legend, nothing, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { bytes, count, counted } from "../parts/units.ts";
import { placesOf } from "./places.ts";
import type { Section } from "./section.ts";

type Drawn = ReportData["topologies"][number];

/** More nodes than that are only listed. */
const mostNodes = 400;
/** Up to so many nodes are drawn in half of the page's width. */
const narrowNodes = 36;

export const topologySection: Section = {
  id: "topology",
  title: "Topology",
  intro: "Grids and graphs that the program made. The wider a line, the more data went along it.",
  create(parent) {
    const none = add(parent, "div");
    const grid = add(parent, "div", "pair halves");
    const topologies = new Entries<Shown>(grid, createTopology);
    return (data) => {
      clear(none);
      if (data.topologies.length === 0) nothing(none, "the program made no cartesian grid and no graph.");
      topologies.update(data.topologies.map((topology) => ({ topology, data })));
    };
  },
};

interface Shown {
  topology: Drawn;
  data: ReportData;
}

function createTopology(parent: Parent): (shown: Shown) => void {
  const head = add(parent, "h3");
  const chart = add(parent, "div", "chart");
  legend(parent, [
    ["within", "within a host"],
    ["between", "between hosts"],
  ]);
  const table = new Alternative(parent);
  return ({ topology, data }) => {
    parent.classed("wide", topology.members.length > narrowNodes);
    head.text(titleOf(topology));
    drawTopology(chart, topology, data);
    table.update((into) => edgeTable(into, topology));
  };
}

function drawTopology(chart: Parent, topology: Drawn, data: ReportData): void {
  const places = topology.members.length > mostNodes ? undefined : placesOf(topology, widthOf(chart));
  if (places === undefined) {
    nothing(chart, "it is too large to be drawn. The table has its lines.");
    return;
  }
  const { width, height, radius } = places;
  const nodes: Node[] = topology.members.map((rank, at) => ({ ...places.nodes[at]!, name: String(rank) }));
  const edges = edgesOf(topology, data, places.isLong);
  drawNetwork(chart, { label: `${titleOf(topology)}, drawn`, width, height, radius, nodes, edges });
}

function titleOf({ kind, name, dims, periodic, members }: Drawn): string {
  const named = name === "" ? "" : ` “${name}”`;
  if (kind === "graph" || dims === undefined) return `Graph${named} of ${counted(members.length, "rank")}`;
  const rings = (periodic ?? []).flatMap((each, at) => (each ? [at] : []));
  const closed = rings.length === 0 ? "" : `, periodic in dimension ${rings.join(" and ")}`;
  return `Grid${named} of ${dims.join(" × ")} ranks${closed}`;
}

/** One line for both directions between neighbours of a grid; an arrow for each of a graph. */
function edgesOf({ kind, members, edges }: Drawn, data: ReportData, isLong: (a: number, b: number) => boolean): Edge[] {
  const place = new Map(members.map((rank, at) => [rank, at]));
  const hostOf = new Map(data.ranks.map(({ rank, host }) => [rank, host]));
  const joined = new Map<string, { from: number; to: number; parts: Drawn["edges"] }>();
  for (const edge of edges) {
    const [from, to] = kind === "graph" || edge[0] < edge[1] ? edge : [edge[1], edge[0]];
    const key = `${from},${to}`;
    const known = joined.get(key) ?? { from, to, parts: [] };
    joined.set(key, known);
    known.parts.push(edge);
  }
  const lines = [...joined.values()].filter(({ from, to }) => place.has(from) && place.has(to) && from !== to);
  const sizeOf = (parts: Drawn["edges"]): number => parts.reduce((sum, [, , size]) => sum + size, 0);
  const most = Math.max(...lines.map(({ parts }) => sizeOf(parts)), 1);
  return lines.map(({ from, to, parts }) => ({
    from: place.get(from)!,
    to: place.get(to)!,
    width: 1 + (kind === "graph" ? 3 : 6) * Math.sqrt(sizeOf(parts) / most),
    className: hostOf.get(from) === hostOf.get(to) ? "within" : "between",
    bend: kind === "graph" ? 0.15 : isLong(place.get(from)!, place.get(to)!) ? 0.16 : 0,
    directed: kind === "graph",
    explain: () => [
      `rank ${from} ${kind === "graph" ? "to" : "and"} rank ${to}`,
      ...parts.map(
        ([source, target, size, messages]) => `${source} → ${target}: ${counted(messages, "message")}, ${bytes(size)}`,
      ),
    ],
  }));
}

function edgeTable(into: Parent, { edges }: Drawn): void {
  const rows = [...edges].sort((a, b) => b[2] - a[2]).slice(0, 500);
  plainTable(
    into,
    ["From", "To", "Data", "Messages"],
    rows.map(([from, to, size, messages]) => [`rank ${from}`, `rank ${to}`, bytes(size), count(messages)]),
  );
}
