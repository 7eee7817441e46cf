import { invalid, show } from "../calls/check.ts";
import { layoutOf } from "../calls/regions/block.ts";
import type { Layout, Region } from "../calls/regions/layout.ts";

/** Which elements of a part a call reads or changes: `count` elements from `first` on; of the region, if there is one. */
export interface Span {
  readonly first: number;
  readonly count: number;
  readonly layout: Layout | undefined;
}

/** Where a call takes place, as its options say it. */
export interface Place {
  readonly offset?: number | undefined;
  readonly view?: Region | undefined;
}

/**
 * The elements that a call means, `count` of them.
 *
 * @param length of the target's part
 * @throws MpiError `invalid-argument` with the numbers, where they are not within the part
 */
export function spanOf({ offset, view }: Place, count: number | undefined, target: number, length: number): Span {
  if (view !== undefined) return spanOfView(view, offset, count, target, length);
  const first = offset ?? 0;
  if (!isCount(first)) throw invalid(`offset is ${show(first)}, but it is a whole number from 0`);
  if (count === undefined) throw invalid("give count, how many elements, or `into`");
  if (!isCount(count)) throw invalid(`count is ${show(count)}, but it is a whole number from 0`);
  if (first + count > length) {
    throw invalid(`rank ${target} has ${length} elements, but the call takes ${count} from ${first} on`);
  }
  return { first, count, layout: undefined };
}

function spanOfView(
  view: Region,
  offset: number | undefined,
  count: number | undefined,
  target: number,
  length: number,
): Span {
  if (offset !== undefined) throw invalid("offset and view are both given: a view says where it begins, with start");
  const layout = layoutOf(view);
  const elements = layout.gridLength;
  if (elements > length) {
    throw invalid(
      `rank ${target} has ${length} elements, but the shape [${layout.shape.join(", ")}] of the view has ${elements}`,
    );
  }
  if (count !== undefined && count !== layout.length) {
    throw invalid(`the view has ${layout.length} elements (${layout.text}), but the call has ${count}`);
  }
  return { first: 0, count: layout.length, layout };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
