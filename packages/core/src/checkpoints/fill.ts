import { MpiError } from "../calls/errors.ts";
import { ArrayBlock, isBlock } from "../calls/regions/block.ts";
import { Layout } from "../calls/regions/layout.ts";
import { emptyLike, kindOf, type TypedArray } from "../calls/typed-array.ts";
import { forEachPiece, Pieces } from "../files/pieces.ts";
import { type Box, common, textOf, without } from "./boxes.ts";
import { stretchBytes } from "./checksums.ts";
import type { DistributedArray } from "./distributed.ts";
import type { Index, PartFile, StoredArray } from "./part-file.ts";

/** A box of a distributed array, and the part to read it from. */
interface Source {
  readonly rank: number;
  /** Which array of that part it is. */
  readonly number: number;
  readonly stored: StoredArray;
  readonly box: Box;
}

/**
 * From which parts an array of this rank is filled. Where parts overlap, as ghosts do, the lowest rank's elements are taken.
 * @throws MpiError `mismatch` where there is no such array, its shape or kind is another, or no part has some of the elements
 */
export function sourcesOf(name: string, target: DistributedArray, parts: readonly Index[]): Source[] {
  const sources: Source[] = [];
  let open: Box[] = target.size.includes(0) ? [] : [{ start: target.start, size: target.size }];
  let isThere = false;
  for (const { rank, arrays } of parts) {
    const number = arrays.findIndex((each) => each.name === name);
    const stored = arrays[number];
    if (stored === undefined) continue;
    isThere = true;
    checkAlike(name, target, stored);
    const left: Box[] = [];
    for (const box of open) {
      const met = common(box, stored);
      if (met === undefined) left.push(box);
      else {
        sources.push({ rank, number, stored, box: met });
        left.push(...without(box, met));
      }
    }
    open = left;
  }
  if (!isThere) throw unknownArray(name, parts);
  if (open[0] !== undefined) {
    throw new MpiError(
      "mismatch",
      `no rank has saved the elements ${textOf(open[0])} of ${name}, shape [${target.shape.join(", ")}]`,
    );
  }
  return sources;
}

function unknownArray(name: string, parts: readonly Index[]): MpiError {
  const names = [...new Set(parts.flatMap(({ arrays }) => arrays.map((each) => each.name)))];
  const there = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  return new MpiError("mismatch", `the checkpoint has no distributed array ${name}; ${there}`);
}

function checkAlike(name: string, target: DistributedArray, { shape, kind }: StoredArray): void {
  const own = `${kindOf(target.whole)}, shape [${target.shape.join(", ")}]`;
  const theirs = `${kind}, shape [${shape.join(", ")}]`;
  if (own !== theirs) throw new MpiError("mismatch", `${name} was saved as a ${theirs}; here it is a ${own}`);
}

/**
 * Reads a box from a part, stretch by stretch: only those that have elements of it. While one is copied, the next is read.
 * @throws Damage
 */
export async function fillFrom(
  part: PartFile,
  { number, stored, box }: Source,
  target: DistributedArray,
): Promise<void> {
  const size = target.whole.BYTES_PER_ELEMENT;
  const start = box.start.map((from, i) => from - (stored.start[i] as number));
  const from = new Layout({ shape: stored.size, start, size: box.size });
  const pieces = new Pieces(0, from.length * size, from, size);
  const room = roomFor(target, box);
  let next: Promise<Uint8Array> | undefined;
  const wanted = stretchesWith(pieces);
  for (const [i, stretch] of wanted.entries()) {
    const bytes = await (next ?? part.stretch(number, stretch));
    const after = wanted[i + 1];
    next = after === undefined ? undefined : part.stretch(number, after);
    next?.catch(() => {}); // awaited in the next turn
    const begin = stretch * stretchBytes;
    const { first, last } = pieces.within(begin, begin + stretchBytes);
    const elements = emptyLike(target.whole, (last - first) / size);
    const memory = bytesOf(elements);
    forEachPiece(pieces.runs(first, last), (offset, length, at) => {
      memory.set(bytes.subarray(offset - begin, offset - begin + length), at);
    });
    room.scatter(first / size, last / size, elements, 0);
  }
}

function stretchesWith(pieces: Pieces): number[] {
  const wanted: number[] = [];
  for (let stretch = Math.floor(pieces.start / stretchBytes); stretch * stretchBytes < pieces.end; stretch++) {
    const { first, last } = pieces.within(stretch * stretchBytes, (stretch + 1) * stretchBytes);
    if (last > first) wanted.push(stretch);
  }
  return wanted;
}

/** Where a box of the global array lies in this rank's memory. */
function roomFor({ array, start, size }: DistributedArray, box: Box): ArrayBlock {
  const within = box.start.map((from, i) => from - (start[i] as number));
  if (!isBlock(array)) return new ArrayBlock(array, new Layout({ shape: size, start: within, size: box.size }));
  const stride = array.stride;
  const place = within.map((from, i) => (array.start[i] as number) + from * (stride[i] as number));
  return new ArrayBlock(array.array, new Layout({ shape: array.shape, start: place, size: box.size, stride }));
}

/** The memory of an array, as bytes. */
export function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
