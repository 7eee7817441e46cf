import { MpiError } from "../../calls/errors.ts";
import { describe, isTypedArray } from "../../calls/typed-array.ts";

/** The parts, with holes as undefined. @throws MpiError `invalid-argument` unless `parts` is an array with one entry per rank. */
export function requireParts<T>(operation: string, parts: readonly T[] | undefined, size: number): readonly T[] {
  if (!Array.isArray(parts)) {
    const hint = isTypedArray(parts) ? "; chunks(array, size) cuts a typed array" : "";
    throw new MpiError(
      "invalid-argument",
      `${operation} takes an array with one entry per rank, not ${describe(parts)}${hint}`,
    );
  }
  if (parts.length !== size) {
    throw new MpiError(
      "invalid-argument",
      `${operation} takes one part per rank: ${parts.length} parts for ${size} ranks`,
    );
  }
  for (let rank = 0; rank < size; rank++) if (!(rank in parts)) return Array.from(parts);
  return parts;
}
