import { emptyLike, kindOf, type TypedArray } from "../calls/typed-array.ts";

/**
 * Loops over typed arrays, compiled for each pair of function and kind of array.
 *
 * V8 records element kinds by source position. A shared loop that has seen more than four kinds of typed arrays falls
 * from 2.5 ns to 85 ns per element and never recovers (measured, Node 20, one million elements, x + y). Closures of one
 * factory share these records, and so do equal texts given to `Function`. So each loop is compiled from its own text,
 * which contains the kind's name, and the function is inlined as text.
 */

/** The part of a typed array that a loop uses. */
interface Elements {
  readonly length: number;
  [index: number]: unknown;
}

/** A function of two elements. */
export type Pair = (x: never, y: never) => unknown;

/** `out[i] = f(a[i], b[i])` for all i; `out` may be `a` or `b`. */
export type Kernel = (out: Elements, a: Elements, b: Elements, f: Pair) => void;

const kernels: Map<string, Kernel> = new Map();

/**
 * The loop for arrays like `array`. With `inline`, the text of that function becomes the loop's body and `f` is not
 * used; the function may refer only to its arguments and globals. Without, the loop calls `f`.
 */
export function kernelFor(array: TypedArray, inline?: Pair): Kernel {
  const text = inline === undefined ? "" : `const f = ${inline.toString()};`;
  const key = `${kindOf(array)} ${text}`;
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    kernel = compile(array, text, inline);
    kernels.set(key, kernel);
  }
  return kernel;
}

function compile(array: TypedArray, text: string, inline: Pair | undefined): Kernel {
  // Eight elements per iteration: 1.4 ns each instead of 2.
  const turn = Array.from({ length: 8 }, (_, k) => `out[i + ${k}] = f(a[i + ${k}], b[i + ${k}]);`).join(" ");
  const loop = `const n = out.length; let i = 0; for (; i + 7 < n; i += 8) { ${turn} } for (; i < n; i++) out[i] = f(a[i], b[i]);`;
  try {
    const kernel = new Function(
      inline === undefined ? "out, a, b, f" : "out, a, b",
      `/* ${kindOf(array)} */ ${text} ${loop}`,
    ) as Kernel;
    const one = emptyLike(array, 1);
    if (inline !== undefined) kernel(one, one, one, inline);
    return kernel;
  } catch {
    // `node --disallow-code-generation-from-strings`, or a tool that rewrote the function: the same loop, but slower.
    return (out, a, b, f) => {
      const g = (inline ?? f) as (x: unknown, y: unknown) => unknown;
      for (let i = 0; i < out.length; i++) out[i] = g(a[i], b[i]);
    };
  }
}
