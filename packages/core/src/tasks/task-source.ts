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

const fingerprints: WeakMap<AnyTask, number> = new WeakMap();
/** A longer text is looked at in about so many places. */
const mostPlaces = 1024;

/** A number by which ranks see that they have the same task: of another text it is most likely another one. */
export function fingerprintOf(work: AnyTask): number {
  let hash = fingerprints.get(work);
  if (hash === undefined) {
    const text = sourceOf(work);
    const step = Math.ceil(text.length / mostPlaces);
    hash = text.length;
    for (let i = 0; i < text.length; i += step) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    fingerprints.set(work, hash);
  }
  return hash;
}
