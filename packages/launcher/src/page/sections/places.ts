import type { Topology } from "../../recording/recording.ts";
import { leastWithName } from "../charts/network.ts";

interface Point {
  x: number;
  y: number;
}

/** Where the members of a topology are drawn, in their order. */
export interface Places {
  nodes: Point[];
  /** Where their names are, if the circles are too small for them. */
  labels: (Point | undefined)[];
  width: number;
  height: number;
  radius: number;
  /** How the line between two of them goes: straight, bent around others, or out of the grid and in at its other side. */
  way(a: number, b: number): "straight" | "bent" | "around";
  /** Where a line ends that leaves the grid at `a`, away from `b`. */
  outside(a: number, b: number): Point;
}

const edge = 48;
const stub = 26;

/** Places for a grid of up to three dimensions, or for a graph; undefined if it cannot be drawn. */
export function placesOf(topology: Topology, width: number): Places | undefined {
  const { kind, dims, members } = topology;
  if (kind === "graph" || dims === undefined) return circle(members.length, width);
  if (dims.length > 3 || dims.length === 0) return undefined;
  const [slices, rows, columns] = [1, 1, ...dims].slice(-3) as [number, number, number];
  return grid(slices, rows, columns, width);
}

/** The slices of the first of three dimensions are beside each other. */
function grid(slices: number, rows: number, columns: number, width: number): Places {
  const between = 0.8;
  const across = slices * columns + (slices - 1) * between;
  const step = Math.min(110, (width - 2 * edge) / Math.max(1, across - 1));
  const down = Math.min(Math.max(step, 26), 84);
  const radius = Math.max(4, Math.min(16, step * 0.28));
  const coordinates = Array.from({ length: slices * rows * columns }, (_, at): [number, number, number] => [
    Math.floor(at / (rows * columns)),
    Math.floor(at / columns) % rows,
    at % columns,
  ]);
  const nodes = coordinates.map(([slice, row, column]) => ({
    x: edge + (slice * (columns + between) + column) * step,
    y: edge + row * down,
  }));
  return {
    nodes,
    labels: radius >= leastWithName ? [] : nodes.map(({ x, y }) => ({ x, y: y + radius + 10 })),
    width,
    height: 2 * edge + (rows - 1) * down,
    radius,
    way: (a, b) => {
      const [slice, row, column] = coordinates[a]!.map((each, i) => Math.abs(each - coordinates[b]![i]!));
      if (slice! > 0) return "bent";
      return row! > 1 || column! > 1 ? "around" : "straight";
    },
    outside: (a, b) => {
      const { x, y } = nodes[a]!;
      const sign = (i: number): number => Math.sign(coordinates[a]![i]! - coordinates[b]![i]!);
      return { x: x + sign(2) * (radius + stub), y: y + sign(1) * (radius + stub) };
    },
  };
}

function circle(members: number, width: number): Places {
  const size = Math.min(width, Math.max(340, Math.min(600, members * 26)));
  const radius = Math.max(3, Math.min(16, (size * 0.9) / Math.max(1, members)));
  const around = (far: number): Point[] =>
    Array.from({ length: members }, (_, at) => {
      const angle = (2 * Math.PI * at) / Math.max(1, members) - Math.PI / 2;
      return { x: size / 2 + Math.cos(angle) * (size / 2 + far), y: size / 2 + Math.sin(angle) * (size / 2 + far) };
    });
  const nodes = around(-32);
  const every = Math.ceil((members * 16) / (Math.PI * size));
  const labels = radius >= leastWithName ? [] : around(-14).map((each, at) => (at % every === 0 ? each : undefined));
  return { nodes, labels, width: size, height: size, radius, way: () => "bent", outside: (a) => nodes[a]! };
}
