import { invalid, show } from "../check.ts";

/**
 * A part of a grid that lies in an array row by row: the last dimension runs fastest. All lists have one entry for each
 * dimension.
 */
export interface Region {
  /** How many elements the whole grid has along each dimension. */
  shape: readonly number[];
  /** Where the part begins; default 0 in each dimension. */
  start?: readonly number[] | undefined;
  /** How many elements the part has along each dimension; default all from `start` on. */
  size?: readonly number[] | undefined;
  /** Every n-th element belongs to the part; default 1 in each dimension. */
  stride?: readonly number[] | undefined;
}

/** Elements at equal distances, in each of some dimensions. */
interface Axis {
  readonly count: number;
  /** Elements of the array from one to the next. */
  readonly step: number;
}

/**
 * Where the elements of a region lie: lines of `count` elements, `step` apart, which begin where `outer` says.
 *
 * Dimensions that continue each other are one: whole rows of a matrix are a single line, and so is a column.
 * ```text
 *  shape [4, 6], start [1, 2], size [2, 3]      first 8, line { count 3, step 1 }, outer [{ count 2, step 6 }]
 *  . . . . . .
 *  . . a b c .        order: a b c d e f
 *  . . d e f .
 *  . . . . . .
 * ```
 */
export class Layout {
  readonly shape: readonly number[];
  readonly start: readonly number[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
  /** Number of elements of the region. */
  readonly length: number;
  /** Index of its first element, and one more than that of its last. */
  readonly first: number;
  readonly end: number;
  readonly line: Axis;
  /** The other dimensions, the one that runs fastest first. */
  readonly outer: readonly Axis[];

  /** @throws MpiError `invalid-argument` with the numbers, where the region is not within its shape */
  constructor(region: Region) {
    const { shape, start, size, stride } = checked(region);
    this.shape = shape;
    this.start = start;
    this.size = size;
    this.stride = stride;
    this.length = size.reduce(times, 1);
    const steps = shape.map((_, dimension) => shape.slice(dimension + 1).reduce(times, 1));
    const axes = size.map((count, dimension) => ({
      count,
      step: (stride[dimension] as number) * (steps[dimension] as number),
    }));
    // An empty region may begin behind the last element of the array: it is taken to lie at its beginning.
    const isEmpty = this.length === 0;
    this.first = isEmpty ? 0 : start.reduce((at, from, dimension) => at + from * (steps[dimension] as number), 0);
    this.end = isEmpty ? 0 : axes.reduce((at, { count, step }) => at + (count - 1) * step, this.first + 1);
    const [line = single, ...outer] = joined(axes.reverse());
    this.line = line;
    this.outer = outer;
  }

  /** Number of elements of the whole grid. */
  get gridLength(): number {
    return this.shape.reduce(times, 1);
  }

  /** The region's elements are one contiguous part of the array. */
  get isContiguous(): boolean {
    return this.outer.length === 0 && (this.line.step === 1 || this.length <= 1);
  }

  /**
   * Calls `visit(at, step, count, done)` for each line, or part of a line, of the elements `from` to `until` of the region: the
   * part begins at index `at` of the array, and `done` elements came before it.
   */
  lines(from: number, until: number, visit: (at: number, step: number, count: number, done: number) => void): void {
    const { line, outer } = this;
    const [axis = single, ...others] = outer;
    let done = from;
    while (done < until) {
      const within = done % line.count;
      const number = Math.floor(done / line.count);
      // The lines of the fastest of the other dimensions follow each other at equal distances: no division for each of them.
      let row = number % axis.count;
      const base = this.first + placeOf(Math.floor(number / axis.count), others);
      let count = Math.min(line.count - within, until - done);
      visit(base + row * axis.step + within * line.step, line.step, count, done - from);
      done += count;
      for (row++; row < axis.count && done < until; row++) {
        count = Math.min(line.count, until - done);
        visit(base + row * axis.step, line.step, count, done - from);
        done += count;
      }
    }
  }

  /** The index in the array of the region's element with this number. */
  place(element: number): number {
    const { line, outer } = this;
    return this.first + (element % line.count) * line.step + placeOf(Math.floor(element / line.count), outer);
  }

  /** Whether an element is in both regions of one array; `shift` is where this region's array begins in the other's. */
  meets(other: Layout, shift: number): boolean {
    if (this.length === 0 || other.length === 0) return false;
    if (this.first + shift >= other.end || other.first >= this.end + shift) return false;
    if (shift === 0 && this.#isOfSameGrid(other)) {
      if (this.#isApart(other)) return false;
      if (this.#isBox && other.#isBox) return true;
    }
    return this.#sharesElement(other, shift);
  }

  #isOfSameGrid(other: Layout): boolean {
    return this.shape.length === other.shape.length && this.shape.every((extent, i) => extent === other.shape[i]);
  }

  get #isBox(): boolean {
    return this.stride.every((each) => each === 1);
  }

  /** Along some dimension one region ends before the other begins. */
  #isApart(other: Layout): boolean {
    return this.start.some(
      (_, i) => this.#last(i) < (other.start[i] as number) || other.#last(i) < (this.start[i] as number),
    );
  }

  #last(dimension: number): number {
    return (
      (this.start[dimension] as number) + ((this.size[dimension] as number) - 1) * (this.stride[dimension] as number)
    );
  }

  #sharesElement(other: Layout, shift: number): boolean {
    const [small, large, by] = this.length <= other.length ? [this, other, shift] : [other, this, -shift];
    const taken = new Set<number>();
    small.lines(0, small.length, (at, step, count) => {
      for (let i = 0; i < count; i++) taken.add(at + i * step + by);
    });
    let meets = false;
    large.lines(0, large.length, (at, step, count) => {
      for (let i = 0; i < count && !meets; i++) meets = taken.has(at + i * step);
    });
    return meets;
  }

  /** For messages: `shape [4, 6], start [1, 2], size [2, 3]`. */
  get text(): string {
    const list = (name: string, values: readonly number[]): string => `${name} [${values.join(", ")}]`;
    const stride = this.stride.some((each) => each !== 1) ? `, ${list("stride", this.stride)}` : "";
    return `${list("shape", this.shape)}, ${list("start", this.start)}, ${list("size", this.size)}${stride}`;
  }
}

const single: Axis = { count: 1, step: 1 };

function times(a: number, b: number): number {
  return a * b;
}

function placeOf(number: number, axes: readonly Axis[]): number {
  let place = 0;
  let rest = number;
  for (const { count, step } of axes) {
    place += (rest % count) * step;
    rest = Math.floor(rest / count);
  }
  return place;
}

/** The axes, fastest first, without those of one element, and with those that continue each other made one. */
function joined(axes: readonly Axis[]): Axis[] {
  const result: Axis[] = [];
  for (const axis of axes) {
    if (axis.count === 1) continue;
    const last = result.at(-1);
    if (last !== undefined && last.step * last.count === axis.step) {
      result[result.length - 1] = { count: last.count * axis.count, step: last.step };
    } else result.push(axis);
  }
  return result;
}

function checked(region: Region): Required<{ [K in keyof Region]: readonly number[] }> {
  if (typeof region !== "object" || region === null) {
    throw invalid(
      `the region is ${show(region)}, but it is an object, such as { shape: [4, 6], start: [1, 2], size: [2, 3] }`,
    );
  }
  for (const name in region) {
    if (!["shape", "start", "size", "stride"].includes(name)) {
      throw invalid(`there is no option ${name}; a region has shape, start, size, stride`);
    }
  }
  const shape = listOf("shape", region.shape, undefined, 0);
  const start = listOf("start", region.start ?? shape.map(() => 0), shape, 0);
  const stride = listOf("stride", region.stride ?? shape.map(() => 1), shape, 1);
  const rest = shape.map((extent, i) =>
    Math.max(0, Math.ceil((extent - (start[i] as number)) / (stride[i] as number))),
  );
  const size = listOf("size", region.size ?? rest, shape, 0);
  shape.forEach((extent, dimension) => {
    const from = start[dimension] as number;
    const count = size[dimension] as number;
    const step = stride[dimension] as number;
    const end = count === 0 ? from : from + (count - 1) * step + 1;
    if (end <= extent) return;
    const strided = step === 1 ? "" : ` with stride ${step}`;
    throw invalid(
      `dimension ${dimension} of the shape [${shape.join(", ")}] has ${extent} elements, but the region takes ${count} from ${from} on${strided}, up to ${end}`,
    );
  });
  return { shape, start, size, stride };
}

/** A copy of a list of whole numbers, one for each dimension. */
function listOf(name: string, list: unknown, shape: readonly number[] | undefined, least: number): readonly number[] {
  if (!Array.isArray(list) && !ArrayBuffer.isView(list)) {
    throw invalid(`${name} is ${show(list)}, but it is a list of numbers, one for each dimension`);
  }
  const copy = Array.from(list as readonly number[]);
  if (copy.length === 0) throw invalid(`${name} is empty, but it has a number for each dimension`);
  if (shape !== undefined && copy.length !== shape.length) {
    throw invalid(`${name} has ${copy.length} entries, but shape has ${shape.length}: one for each dimension`);
  }
  for (const each of copy) {
    if (Number.isSafeInteger(each) && each >= least) continue;
    throw invalid(`${name} is [${copy.join(", ")}], but its entries are whole numbers from ${least} on`);
  }
  return copy;
}
