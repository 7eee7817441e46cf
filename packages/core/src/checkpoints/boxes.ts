/** A part of a grid: all indices from `start` on, `size` of them in each dimension. */
export interface Box {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/** What two boxes have in common; undefined for nothing. */
export function common(one: Box, other: Box): Box | undefined {
  const start = one.start.map((from, i) => Math.max(from, other.start[i] as number));
  const size = start.map((from, i) => Math.min(endOf(one, i), endOf(other, i)) - from);
  return size.every((each) => each > 0) ? { start, size } : undefined;
}

/**
 * What is left of a box without a part of it, as boxes: at most two for each dimension.
 *
 * ```text
 *  a a a a a
 *  b b x x c        without(all, x)  =>  a, b, c, d
 *  d d d d d
 * ```
 */
export function without(box: Box, part: Box): Box[] {
  const left: Box[] = [];
  const start = [...box.start];
  const size = [...box.size];
  for (const [i, from] of box.start.entries()) {
    const [first, last, end] = [part.start[i] as number, endOf(part, i), endOf(box, i)];
    const cut = (begin: number, until: number): void => {
      if (until > begin) left.push({ start: start.with(i, begin), size: size.with(i, until - begin) });
    };
    cut(from, first);
    cut(last, end);
    start[i] = first;
    size[i] = last - first;
  }
  return left;
}

function endOf({ start, size }: Box, i: number): number {
  return (start[i] as number) + (size[i] as number);
}

export function textOf({ start, size }: Box): string {
  return `start [${start.join(", ")}], size [${size.join(", ")}]`;
}
