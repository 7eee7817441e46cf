import { describe, expect, it } from "vitest";
import { grid } from "../../../../../packages/core/src/calls/regions/grid.ts";

const counting = (length: number): Float64Array => Float64Array.from({ length }, (_, i) => i);

describe("a grid", () => {
  it("names its rows, columns, interior, edges and ghosts", () => {
    const u = grid(counting(30), [5, 6], { ghost: 1 });
    expect(u.row(1).toArray()).toEqual(Float64Array.of(6, 7, 8, 9, 10, 11));
    expect(u.column(5).toArray()).toEqual(Float64Array.of(5, 11, 17, 23, 29));
    expect(u.interior.toArray()).toEqual(Float64Array.of(7, 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 22));
    expect(u.edges.map((each) => [...each.toArray()])).toEqual([
      [7, 8, 9, 10],
      [19, 20, 21, 22],
      [7, 13, 19],
      [10, 16, 22],
    ]);
    expect(u.ghosts.map((each) => [...each.toArray()])).toEqual([
      [1, 2, 3, 4],
      [25, 26, 27, 28],
      [6, 12, 18],
      [11, 17, 23],
    ]);
    expect(u.region({ start: [0, 0], stride: [4, 5] }).toArray()).toEqual(Float64Array.of(0, 5, 24, 29));
    expect(u.array[u.index(3, 4)]).toBe(22);
  });

  it("has thick ghosts, and any number of dimensions", () => {
    const u = grid(counting(9 * 8 * 7), [9, 8, 7], { ghost: 2 });
    expect(u.ghost(2, "high").size).toEqual([5, 4, 2]);
    expect(u.ghost(2, "high").start).toEqual([2, 2, 5]);
    expect(u.edge(0, "high").start).toEqual([5, 2, 2]);
    expect(u.edges.length).toBe(6);
    const line = grid(counting(4), [4]);
    expect(line.interior.length).toBe(4);
    expect([...line.edge(0, "high").toArray()]).toEqual([3]);
  });

  it.each([
    [() => grid([1] as never, [1]), "a grid lies in a typed array"],
    [() => grid(counting(4), [5]), "the shape [5] has 5 elements, but the array has 4"],
    [() => grid(counting(4), [2, 2], { ghost: 1 }), "dimension 0 of the shape [2, 2] has 2 elements, but ghosts of 1"],
    [() => grid(counting(4), [4], { halo: 1 } as never), "there is no option halo; a grid has ghost"],
    [() => grid(counting(4), [4], { ghost: 0.5 }), "ghost is 0.5, but it is a whole number"],
    [() => grid(counting(4), [2, 2]).row(2), "row(2): this grid has the rows 0 to 1"],
    [() => grid(counting(4), [4]).column(0), "column(0): the grid has 1 dimensions, not two"],
    [() => grid(counting(4), [2, 2]).ghost(0, "low"), "this grid has no ghosts; make it with { ghost: 1 }"],
    [() => grid(counting(4), [2, 2]).edge(2, "low"), "edge(2): the grid has the dimensions 0 to 1"],
    [() => grid(counting(4), [2, 2]).edge(0, "left" as never), 'edge(0, "left"): a side is "low" or "high"'],
    [() => grid(counting(4), [2, 2]).index(0, 2), "index(0, 2): dimension 1 has the indices 0 to 1"],
    [() => grid(counting(4), [2, 2]).index(0), "index(0): the grid has 2 dimensions"],
  ])("refuses what is wrong: %#", (make, message) => {
    expect(make).toThrow(message);
  });
});
