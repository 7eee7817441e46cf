import { invalid, show } from "./check.ts";
import { isTypedArray } from "./kernel.ts";

/**
 * The options of a call, or `invalid-argument`. A script without types may give `recv(3)` or `bcast(x, 2)`, as in
 * mpi4py: taken for options without any property, that would silently mean any source, and root 0.
 */
export function checkOptions(options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw invalid(
      `the options are ${show(options)}, but they are an object, such as { dest: 1, tag: 7 } or { root: 2 }`,
    );
  }
  const { signal, into } = options as { signal?: Partial<AbortSignal> | null; into?: unknown };
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw invalid(`signal is ${show(signal)}, but it is an AbortSignal`);
  }
  if (into !== undefined && !isTypedArray(into)) throw invalid(`\`into\` is ${show(into)}, but it is a typed array`);
}
