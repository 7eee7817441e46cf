/** A piece of a track in a trace. */
export interface Slice {
  began: number;
  end: number;
  lane: number;
}

/** A rank has at most so many lanes; calls beyond are cut off at the end of what they overlap. */
export const mostLanes = 32;

/**
 * Slices of one lane must lie within each other or apart. Gives each slice, in the order of their beginnings, the first lane
 * where it does: calls that a program awaits one after the other share a lane, those that run at once get lanes of their own.
 */
export class Lanes {
  /** By lane: the ends of the slices that are open, the innermost last. */
  readonly #open: number[][] = [];

  place(began: number, end: number): Slice {
    for (let lane = 0; lane < mostLanes; lane++) {
      const open = this.#open[lane] ?? [];
      this.#open[lane] = open;
      while (open.length > 0 && open.at(-1)! <= began) open.pop();
      const within = open.at(-1) ?? Number.POSITIVE_INFINITY;
      if (end > within && lane < mostLanes - 1) continue;
      const cut = Math.min(end, within);
      open.push(cut);
      return { began, end: cut, lane };
    }
    return { began, end, lane: 0 };
  }

  get count(): number {
    return this.#open.length;
  }
}
