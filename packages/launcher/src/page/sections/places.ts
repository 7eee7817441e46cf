import type { Topology } from "../../recording/recording.ts";

interface Point {
  x: number;
  y: number;
}

/** Where the members of a topology are drawn, in their order. */
interface Places {
  nodes: Point[];
  width: number;
  height: number;
  radius: number;
  /** The line between two of them passes others, and is bent. */
  isLong(a: number, b: number): boolean;
}

const edge = 48;

/** Places for a grid of up to three dimensions, or for a graph; undefined if it cannot be drawn. */
export function placesOf(topology: Topology, width: number): Places | undefined {
  const { kind, dims, members } = topology;
  if (kind === "graph" || dims === undefined) return circle(members.length, width);
  if (dims.length > 3 || dims.length === 0) return undefined;
  const [slices, rows, columns] = [1, 1, ...dims].slice(-3) as [number, number, number];
  const across = slices * columns + (slices - 1) * 0.8;
  const step = Math.min(110, (width - 2 * edge) / Math.max(1, across - 1));
  const radius = Math.max(4, Math.min(16, step * 0.28));
  const coordinates = members.map((_, at) => [
    Math.floor(at / (rows * columns)),
    Math.floor(at / columns) % rows,
    at % columns,
  ]);
  const down = Math.min(step, 84);
  const nodes = coordinates.map(([slice, row, column]) => ({
    x: edge + (slice! * (columns + 0.8) + column!) * step,
    y: edge + row! * down,
  }));
  const height = 2 * edge + (rows - 1) * down;
  const isLong = (a: number, b: number): boolean =>
    coordinates[a]!.some((each, i) => Math.abs(each - coordinates[b]![i]!) > 1);
  return { nodes, width, height, radius, isLong };
}

function circle(members: number, width: number): Places {
  const size = Math.min(width, Math.max(340, Math.min(560, members * 26)));
  const radius = Math.max(3, Math.min(16, (size * 0.9) / Math.max(1, members)));
  const nodes = Array.from({ length: members }, (_, at) => {
    const angle = (2 * Math.PI * at) / Math.max(1, members) - Math.PI / 2;
    return { x: size / 2 + Math.cos(angle) * (size / 2 - 30), y: size / 2 + Math.sin(angle) * (size / 2 - 30) };
  });
  return { nodes, width: size, height: size, radius, isLong: () => false };
}
