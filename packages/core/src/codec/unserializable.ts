import { MpiError, messageOf } from "../errors.ts";
import type { Standing } from "./standing.ts";

/**
 * How a value hangs on the one that holds it: a property, the position in an array or a Set, or in a Map, where even
 * steps are keys and odd ones values (entry 3 has the steps 6 and 7). `undefined` where nobody can point at it.
 */
export type Step = string | number | undefined;

/**
 * The way to a value, as JavaScript: `data.jobs[3].onDone`, `data.get("x")`. Holders are given outermost first. Of a
 * long way (a linked list) the middle is left out.
 */
export function pathOf(way: readonly (readonly [holder: unknown, step: Step])[]): string {
  let path = "data";
  way.forEach(([holder, step], i) => {
    if (i < 8 || i >= way.length - 8) path = extend(path, holder, step);
    else if (i === 8) path += ".(...)";
  });
  return path;
}

function extend(path: string, holder: unknown, step: Step): string {
  if (step === undefined) return path;
  if (typeof step === "string") {
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `${path}.${step}` : `${path}[${JSON.stringify(step)}]`;
  }
  if (holder instanceof Map) {
    const key: unknown = [...holder.keys()][step >> 1];
    if (step % 2 === 0) return `[...${path}.keys()][${step >> 1}]`;
    return typeof key === "string" || typeof key === "number"
      ? `${path}.get(${JSON.stringify(key)})`
      : `[...${path}.values()][${step >> 1}]`;
  }
  return holder instanceof Set ? `[...${path}][${step}]` : `${path}[${step}]`;
}

/** The error for the value at `path`, which the sentence `reason` continues. */
export function unserializable(path: string, reason: string, cause?: unknown): MpiError {
  return new MpiError("unserializable", `${path} ${reason}`, { cause });
}

/** What a value that cannot be read at all did instead. */
export function unreadable(thrown: unknown): string {
  return `cannot be read (${messageOf(thrown)}); send data that can`;
}

/** Why no instance with this standing can travel, and what to do; undefined when it can. */
export function reasonAgainst(value: object, standing: Standing): string | undefined {
  switch (standing.type) {
    case "private":
      return `is an instance of ${standing.name || "a class"} with the private field ${standing.field}; send its public data as a plain object`;
    case "iterator":
      return `is ${a(tagOf(value) ?? "iterator")}; send an array of what it yields`;
    case "native":
      return `is ${a(standing.name)}; ${advice[standing.name] ?? "it cannot leave its process, send the data that it holds"}`;
    default:
      return undefined;
  }
}

/** Why a function or a symbol cannot travel. */
export function reasonAgainstPrimitive(value: unknown): string {
  return typeof value === "symbol"
    ? "is a symbol; send a string"
    : "is a function; send data, and keep functions on each rank";
}

const advice: Readonly<Record<string, string>> = {
  Promise: "await it and send what it resolves to",
  WeakMap: "its entries cannot be listed, send a Map",
  WeakSet: "its members cannot be listed, send a Set",
  WeakRef: "send the object that it refers to",
  URL: "send its href",
  URLSearchParams: "send its text",
};

function tagOf(value: object): string | undefined {
  const tag: unknown = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === "string" ? tag : undefined;
}

function a(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}
