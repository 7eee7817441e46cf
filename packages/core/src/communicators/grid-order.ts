import type { Grid } from "./cartesian.ts";
import { best, type Pairs, roomOf } from "./host-order.ts";

/**
 * The order of a grid. Candidates are blocks of the grid for each host (Gropp, "Using Node and Socket Information to Implement
 * MPI Cartesian Topologies", 2019) in all shapes that fit, and halves of halves (a k-d tree, as of Hunold and others, 2020), which
 * also suits hosts with different numbers of ranks. The one with the fewest pairs between hosts wins, in doubt the old order.
 *
 * ```text
 *  4 x 4 on 4 hosts     as numbered      blocks
 *                       a a a a          a a b b
 *                       b b b b          a a b b
 *                       c c c c          c c d d
 *                       d d d d          c c d d
 *  pairs between hosts     12               8
 * ```
 */
export function gridOrder(grid: Grid, hosts: readonly string[]): number[] {
  const pairs = gridPairs(grid);
  const coords = hosts.map((_, place) => grid.coords(place));
  const most = Math.max(...roomOf(hosts).values());
  const paths = [
    ...blockShapes(most, grid.dims).map((shape) => blockPath(coords, shape)),
    halvesPath(
      coords.map((at, place) => ({ at, place })),
      grid.dims.length,
    ),
  ];
  return best(
    pairs,
    hosts,
    paths.map((path) => fill(path, hosts)),
  );
}

export function gridPairs(grid: Grid): Pairs {
  const places = Array.from({ length: grid.size }, (_, place) => place);
  return places.flatMap((place) =>
    grid.dims.flatMap((_, dimension) => {
      const { dest } = grid.shift(place, dimension, 1);
      return dest === null || dest === place ? [] : [[place, dest] as const];
    }),
  );
}

/** Gives the places of a path to one host after the other. */
function fill(path: readonly number[], hosts: readonly string[]): string[] {
  const inTurn = [...roomOf(hosts)].flatMap(([host, count]) => Array<string>(count).fill(host));
  const assignment = Array<string>(hosts.length);
  for (const [step, place] of path.entries()) assignment[place] = inTurn[step] as string;
  return assignment;
}

/** All shapes of blocks with `volume` places that fit into a grid. */
function blockShapes(volume: number, [extent, ...others]: readonly number[]): number[][] {
  if (extent === undefined) return volume === 1 ? [[]] : [];
  const shapes: number[][] = [];
  for (let side = 1; side <= Math.min(extent, volume); side++) {
    if (volume % side !== 0) continue;
    for (const rest of blockShapes(volume / side, others)) shapes.push([side, ...rest]);
  }
  return shapes;
}

/** The places of a grid block by block, both in the order of ranks. */
function blockPath(coords: readonly (readonly number[])[], shape: readonly number[]): number[] {
  const blockOf = coords.map((at) => at.map((each, dimension) => Math.floor(each / (shape[dimension] as number))));
  const compare = (a: readonly number[], b: readonly number[]): number =>
    a.map((each, index) => each - (b[index] as number)).find((difference) => difference !== 0) ?? 0;
  return [...coords.keys()].sort((a, b) => compare(blockOf[a] as number[], blockOf[b] as number[]) || a - b);
}

interface Spot {
  at: readonly number[];
  place: number;
}

/** The places of a box of the grid: those of one half of its longest side, then those of the other half. */
function halvesPath(spots: readonly Spot[], dimensions: number): number[] {
  if (spots.length <= 1) return spots.map(({ place }) => place);
  const sides = Array.from({ length: dimensions }, (_, dimension) => {
    const along = spots.map(({ at }) => at[dimension] as number);
    return { dimension, low: Math.min(...along), extent: Math.max(...along) - Math.min(...along) + 1 };
  });
  const { dimension, low, extent } = sides.reduce((a, b) => (b.extent > a.extent ? b : a));
  const isLow = ({ at }: Spot): boolean => (at[dimension] as number) < low + Math.ceil(extent / 2);
  return [spots.filter(isLow), spots.filter((spot) => !isLow(spot))].flatMap((half) => halvesPath(half, dimensions));
}
