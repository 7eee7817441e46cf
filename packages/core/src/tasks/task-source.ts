import type { AnyTask } from "./task.ts";

/** Whether this is a built-in function such as `Math.max`. A bound function has no source either, but its text has no name. */
export function isBuiltIn(work: AnyTask): boolean {
  return /^(async )?function [^(]+\(\) \{ \[native code\] \}$/.test(sourceOf(work));
}

/** Whether the function was made by `bind`. Its source is not available. */
export function isBound(work: AnyTask): boolean {
  return /^function \(\) \{ \[native code\] \}$/.test(sourceOf(work));
}

/** A task's source text, equal in each run of the same script. Ignores a `toString` of the function's own. */
export function sourceOf(work: AnyTask): string {
  return Function.prototype.toString.call(work);
}
