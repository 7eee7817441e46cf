import { MpiError } from "../errors.ts";
import { describe, isTypedArray } from "../kernel.ts";

/** @throws MpiError `invalid-argument` unless `parts` is an array with one entry per rank. */
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
  for (let rank = 0; rank < size; rank++) {
    if (parts[rank] !== undefined || rank in parts) continue;
    throw new MpiError(
      "invalid-argument",
      `${operation} takes one part per rank: there is none for rank ${rank}, only a hole in the array`,
    );
  }
  return parts;
}
