import { checkList, checkRank, invalid, show } from "../calls/check.ts";
import type { ShiftPeers } from "../calls/options.ts";
import type { Neighborhood } from "../collectives/algorithms/neighborhood.ts";

/**
 * Gives factors of `ranks`, as close to each other as possible, the largest first: the extents of a grid.
 *
 * @param ranks the number to factor
 * @param dimensions how many factors; or the factors themselves, 0 where one is to be found
 *
 * ```ts
 * dims(12, 2)          // [4, 3]
 * dims(12, [0, 6])     // [2, 6]
 * ```
 * @throws MpiError `invalid-argument` when the fixed factors do not divide `ranks`
 */
export function dims(ranks: number, dimensions: number | readonly number[]): number[] {
  const wanted = typeof dimensions === "number" ? Array<number>(dimensions).fill(0) : [...dimensions];
  if (!Number.isInteger(ranks) || ranks < 1) throw invalid(`dims(${show(ranks)}): ranks is a whole number from 1`);
  for (const extent of wanted) checkExtent(extent, 0);
  const fixed = wanted.reduce((product, extent) => product * (extent || 1), 1);
  const free = wanted.filter((extent) => extent === 0).length;
  if (ranks % fixed !== 0 || (free === 0 && ranks !== fixed)) {
    throw invalid(`dims(${ranks}, [${wanted.join(", ")}]): ${ranks} ranks do not fill such a grid`);
  }
  const found = balanced(ranks / fixed, free, ranks / fixed) ?? [];
  return wanted.map((extent) => extent || (found.shift() as number));
}

/** `count` factors of `product`, falling, none above `limit`: the first as small as possible, then the second, ... */
function balanced(product: number, count: number, limit: number): number[] | undefined {
  if (count === 0) return product === 1 ? [] : undefined;
  for (let first = Math.ceil(product ** (1 / count) - 1e-9); first <= Math.min(product, limit); first++) {
    if (product % first !== 0) continue;
    const rest = balanced(product / first, count - 1, first);
    if (rest !== undefined) return [first, ...rest];
  }
  return undefined;
}

/** Ranks in a grid, the last dimension running fastest: rank 1 of [4, 3] is at [0, 1]. */
export class Grid {
  readonly dims: readonly number[];
  readonly periodic: readonly boolean[];
  readonly size: number;

  constructor(dims: readonly number[], periodic: boolean | readonly boolean[]) {
    checkList("dims", dims, "extents, one for each dimension");
    for (const extent of dims) checkExtent(extent, 1);
    this.dims = Object.freeze([...dims]);
    this.periodic = Object.freeze(typeof periodic === "boolean" ? dims.map(() => periodic) : [...periodic]);
    this.size = dims.reduce((product, extent) => product * extent, 1);
    if (this.periodic.length !== dims.length) {
      throw invalid(`periodic has ${this.periodic.length} entries for ${dims.length} dimensions`);
    }
  }

  coords(rank: number): number[] {
    checkRank("rank", rank, this.size);
    const coords: number[] = [];
    let rest = rank;
    for (const extent of this.dims.toReversed()) {
      coords.unshift(rest % extent);
      rest = Math.floor(rest / extent);
    }
    return coords;
  }

  /** The rank at these coordinates, wrapped around where the grid is periodic; null where they are outside. */
  rankOf(coords: readonly number[]): number | null {
    if (coords.length !== this.dims.length || !coords.every(Number.isInteger)) {
      throw invalid(
        `coords is [${coords.join(", ")}], but the grid has ${this.dims.length} dimensions of whole numbers`,
      );
    }
    let rank = 0;
    for (const [dimension, extent] of this.dims.entries()) {
      let at = coords[dimension] as number;
      if (this.periodic[dimension]) at = ((at % extent) + extent) % extent;
      if (at < 0 || at >= extent) return null;
      rank = rank * extent + at;
    }
    return rank;
  }

  /** The ranks `by` steps away along a dimension, in both directions. */
  shift(rank: number, dimension: number, by: number): ShiftPeers {
    if (!Number.isInteger(dimension) || dimension < 0 || dimension >= this.dims.length) {
      throw invalid(`dimension is ${show(dimension)}, but the grid has the dimensions 0 to ${this.dims.length - 1}`);
    }
    if (!Number.isInteger(by)) throw invalid(`by is ${show(by)}, but it is a whole number of steps`);
    const at = (steps: number): number | null =>
      this.rankOf(this.coords(rank).map((each, index) => (index === dimension ? each + steps : each)));
    return { source: at(-by), dest: at(by) };
  }

  /**
   * The neighbors of a rank, lower and upper of each dimension. What comes from the lower neighbor was sent to that one's
   * upper neighbor, so messages come in the order of the other side.
   */
  around(rank: number): Neighborhood {
    const around = this.dims.flatMap((_, dimension) => {
      const { source, dest } = this.shift(rank, dimension, 1);
      return [source, dest];
    });
    return { destinations: around, sources: around, order: around.map((_, index) => index ^ 1) };
  }
}

function checkExtent(extent: unknown, least: number): void {
  if (Number.isInteger(extent) && (extent as number) >= least) return;
  throw invalid(`dims has ${show(extent)}, but the extent of a dimension is a whole number from ${least}`);
}
