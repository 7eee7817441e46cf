import type { AnyTask } from "./task.ts";

/** A function of the language, such as `Math.max`. A bound function has no source either, but also no name in it. */
export function isBuiltIn(work: AnyTask): boolean {
  return /^(async )?function [^(]+\(\) \{ \[native code\] \}$/.test(sourceOf(work));
}

/** Made by `bind`: its source tells nothing about it. */
export function isBound(work: AnyTask): boolean {
  return /^function \(\) \{ \[native code\] \}$/.test(sourceOf(work));
}

/** A task's source, the same in each run of the same script. Not the method `toString`, which a function may override. */
export function sourceOf(work: AnyTask): string {
  return Function.prototype.toString.call(work);
}
