import { MpiError } from "./errors.ts";

const maxTag = 2 ** 31 - 1;

/** Throws `invalid-argument` unless it is a rank of a communicator with `size` ranks. */
export function checkRank(name: string, rank: unknown, size: number): asserts rank is number {
  if (Number.isInteger(rank) && (rank as number) >= 0 && (rank as number) < size) return;
  const ranks =
    size === 1 ? "this communicator has the rank 0 alone" : `this communicator has the ranks 0 to ${size - 1}`;
  throw invalid(`${name} is ${show(rank)}, but ${ranks}`);
}

/** Throws `invalid-argument` unless it is a tag for users. */
export function checkTag(name: string, tag: unknown): asserts tag is number {
  if (isTag(tag)) return;
  throw invalid(`${name} is ${show(tag)}, but a tag is a whole number from 0 to ${maxTag}`);
}

export function isTag(tag: unknown): tag is number {
  return Number.isInteger(tag) && (tag as number) >= 0 && (tag as number) <= maxTag;
}

export function invalid(why: string): MpiError {
  return new MpiError("invalid-argument", why);
}

/**
 * A short form of a value for a sentence: "an array of 3", "a Map", "7". For kind and length see `describe` in
 * typed-array.ts.
 */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return withArticle(value.constructor?.name ?? "object");
  return String(value);
}

/** "an Int32Array", "a Uint8Array". */
export function withArticle(name: string): string {
  return `${/^[AEIOaeio]/.test(name) ? "an" : "a"} ${name}`;
}

/** Throws `invalid-argument` unless it is an array. `what` names its elements. */
export function checkList(name: string, list: unknown, what: string): asserts list is readonly unknown[] {
  if (!Array.isArray(list)) throw invalid(`${name} is ${show(list)}, but it is an array of ${what}`);
}
