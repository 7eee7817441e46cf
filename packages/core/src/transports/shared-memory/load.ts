/**
 * A word of shared memory that others write, read in order with what is read and written around it.
 *
 * `Atomics.load` is a call for V8, a tenth of a small collective. On x86-64 a plain read of an aligned word keeps that
 * order, and V8 neither moves nor merges plain reads of typed arrays. Elsewhere they might pass each other.
 */
export const load: (words: Int32Array, index: number) => number =
  process.arch === "x64" ? (words, index) => words[index] as number : Atomics.load;
