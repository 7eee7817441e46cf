import { checkOptions, type KnownOptions } from "../calls/check-options.ts";
import { MpiError } from "../calls/errors.ts";
import { fill } from "../calls/into.ts";
import { type ArrayBlock, type ArrayOrBlock, dense, type Elements, isBlock } from "../calls/regions/block.ts";
import { isTypedArray } from "../calls/typed-array.ts";
import type { Operation } from "./signature.ts";

/** The options of a collective, as far as they matter here. */
interface WithInto {
  into?: ArrayOrBlock | readonly ArrayOrBlock[] | undefined;
}

/** The collectives whose value is a list with one part for each rank. */
const ofParts: ReadonlySet<Operation> = new Set<Operation>(["scatter", "alltoall", "reduceScatter"]);

/** Whether a collective has blocks or lists of arrays among its arguments. Its algorithms know dense arrays alone. */
export function needsDense(operation: Operation, value: unknown, options: WithInto): boolean {
  const into = options?.into;
  if (into !== undefined && !isTypedArray(into)) return isBlock(into) || Array.isArray(into);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return Array.isArray(value) ? ofParts.has(operation) && value.some(isBlock) : isBlock(value);
}

/**
 * Runs a collective with dense arrays in the place of blocks, and copies its result to where the caller wants it.
 *
 * Arguments that are wrong are handed on as they are: the call itself refuses them, so that all ranks fail.
 */
export async function withDense<O extends WithInto>(
  known: KnownOptions,
  value: unknown,
  options: O,
  run: (value: unknown, options: O) => Promise<unknown>,
): Promise<unknown> {
  const { into } = options;
  const given = denseValue(value);
  if (Array.isArray(into)) {
    if (!isFine(known, options)) return run(given, options);
    const { into: targets, ...others } = options;
    const parts = await run(given, others as O);
    return parts === undefined ? undefined : fillEach(targets as readonly Elements[], parts as unknown[]);
  }
  if (!isBlock(into)) return run(given, options);
  const array = roomFor(into);
  const result = await run(given, { ...options, into: array });
  if (result !== array) return result;
  if (into.contiguous === undefined) into.scatter(0, into.length, array, 0);
  return into;
}

/** Copies each part into its array or block. */
function fillEach(targets: readonly Elements[], parts: readonly unknown[]): readonly Elements[] {
  if (parts.length !== targets.length) {
    throw new MpiError(
      "mismatch",
      `\`into\` is a list of ${targets.length} arrays, but there are ${parts.length} parts`,
    );
  }
  for (const [i, target] of targets.entries()) fill(target, [parts[i]]);
  return targets;
}

/** A block's elements in an array of their own: what the result does not reach stays as it is. */
function roomFor(into: ArrayBlock): Exclude<Elements, ArrayBlock> {
  try {
    return dense(into);
  } catch {
    return into.array; // its memory is gone: too short for any result
  }
}

/** The value, or its parts, without blocks. */
export function denseValue(value: unknown): unknown {
  try {
    if (Array.isArray(value))
      return value.some(isBlock) ? value.map((part) => (isBlock(part) ? dense(part) : part)) : value;
    return isBlock(value) ? dense(value) : value;
  } catch {
    return value; // its memory is gone, which the call refuses when it encodes it
  }
}

function isFine(known: KnownOptions, options: object): boolean {
  try {
    checkOptions(known, options);
    return true;
  } catch {
    return false;
  }
}
