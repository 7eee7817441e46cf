import type { ReportData } from "../../performance/report-data.ts";
import { drawNetwork, type Edge, type Node } from "../charts/network.ts";
import { Alternative, add, clear, Entries, legend, nothing, type Parent, plainTable, widthOf } from "../parts/dom.ts";
import { bytes, count, counted } from "../parts/units.ts";
import { type Places, placesOf } from "./places.ts";
import type { Section } from "./section.ts";

type Drawn = ReportData["topologies"][number];

/** More nodes than that are only listed. */
const mostNodes = 400;
/** Up to so many nodes are drawn in half of the page's width. */
const narrowNodes = 36;

export const topologySection: Section = {
  id: "topology",
  title: "Topology",
  intro:
    "Grids and graphs that the program made. The wider a line, the more data went along it; lines that leave a grid lead to its other side.",
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
    const why =
      topology.members.length > mostNodes ? `it has more than ${mostNodes} ranks` : "it has more than three dimensions";
    nothing(chart, `${why}. The table has its lines.`);
    return;
  }
  const { width, height, radius } = places;
  const nodes = topology.members.map(
    (rank, at): Node => ({ ...places.nodes[at]!, name: String(rank), label: places.labels[at] }),
  );
  const edges = linesOf(topology, data).flatMap((line) => edgesOf(line, topology.kind, places, nodes));
  drawNetwork(chart, { label: `${titleOf(topology)}, drawn`, width, height, radius, nodes, edges });
}

function titleOf({ kind, name, dims, periodic, members }: Drawn): string {
  const named = name === "" ? "" : ` “${name}”`;
  if (kind === "graph" || dims === undefined) return `Graph${named} of ${counted(members.length, "rank")}`;
  const rings = (periodic ?? []).flatMap((each, at) => (each ? [at] : []));
  const closed = rings.length === 0 ? "" : `, periodic in dimension ${rings.join(" and ")}`;
  return `Grid${named} of ${dims.join(" × ")} ranks${closed}`;
}

/** What went between two members. */
interface TrafficLine {
  /** Their places in the communicator. */
  from: number;
  to: number;
  className: "within" | "between";
  /** The share of the largest. */
  share: number;
  explain(): string[];
}

/** One line for both directions between neighbours of a grid; one for each direction of a graph. */
function linesOf({ kind, members, edges }: Drawn, data: ReportData): TrafficLine[] {
  const place = new Map(members.map((rank, at) => [rank, at]));
  const hostOf = new Map(data.ranks.map(({ rank, host }) => [rank, host]));
  const joined = new Map<string, { from: number; to: number; parts: Drawn["edges"] }>();
  for (const edge of edges) {
    const [from, to] = kind === "graph" || edge[0] < edge[1] ? edge : [edge[1], edge[0]];
    const known = joined.get(`${from},${to}`) ?? { from, to, parts: [] };
    joined.set(`${from},${to}`, known);
    known.parts.push(edge);
  }
  const lines = [...joined.values()].filter(({ from, to }) => place.has(from) && place.has(to) && from !== to);
  const sizeOf = (parts: Drawn["edges"]): number => parts.reduce((sum, [, , size]) => sum + size, 0);
  const most = Math.max(...lines.map(({ parts }) => sizeOf(parts)), 1);
  return lines.map(({ from, to, parts }) => ({
    from: place.get(from)!,
    to: place.get(to)!,
    className: hostOf.get(from) === hostOf.get(to) ? "within" : "between",
    share: sizeOf(parts) / most,
    explain: () => [
      `rank ${from} ${kind === "graph" ? "to" : "and"} rank ${to}`,
      ...parts.map(
        ([source, target, size, messages]) => `${source} → ${target}: ${counted(messages, "message")}, ${bytes(size)}`,
      ),
    ],
  }));
}

/** How a line is drawn. One that closes a ring leaves the grid at both ends; the points where it ends are added to the nodes. */
function edgesOf(
  { from, to, className, share, explain }: TrafficLine,
  kind: Drawn["kind"],
  places: Places,
  nodes: Node[],
): Edge[] {
  const isGraph = kind === "graph";
  const style = { className, width: 1 + (isGraph ? 3 : 6) * Math.sqrt(share), directed: isGraph, explain };
  const way = places.way(from, to);
  if (way !== "around") return [{ ...style, from, to, bend: way === "bent" ? 0.14 : 0 }];
  return [
    [from, to],
    [to, from],
  ].map(([one, other]) => {
    const end = nodes.push({ ...places.outside(one!, other!), name: "", hidden: true }) - 1;
    return { ...style, className: `${className} open`, from: one!, to: end, bend: 0 };
  });
}

function edgeTable(into: Parent, { edges }: Drawn): void {
  const rows = [...edges].sort((a, b) => b[2] - a[2]).slice(0, 500);
  plainTable(
    into,
    ["From", "To", "Data", "Messages"],
    rows.map(([from, to, size, messages]) => [`rank ${from}`, `rank ${to}`, bytes(size), count(messages)]),
  );
}
