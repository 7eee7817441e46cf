import { types } from "node:util";
import { withArticle } from "../../calls/check.ts";
import { MpiError, messageOf } from "../../calls/errors.ts";
import { type ClassKind, kindOfObject, type PrototypeKind } from "./prototype-kind.ts";

/**
 * The step from a holder to a value: a property name, or the position in an array or a Set. In a Map even steps are
 * keys and odd steps values (entry 3 has the steps 6 and 7). `undefined` where JavaScript has no expression for it.
 */
export type Step = string | number | undefined;

/**
 * The path to a value, as JavaScript: `data.jobs[3].onDone`, `data.get("x")`. Holders are given outermost first. The
 * middle of a long path (a linked list) is left out.
 */
export function pathOf(way: readonly (readonly [holder: unknown, step: Step])[]): string {
  let path = "data";
  way.forEach(([holder, step], i) => {
    if (i < 8 || i >= way.length - 8) path = extend(path, holder, step);
    else if (i === 8) path += ".(...)";
  });
  return path;
}

const longestKey = 100;

function extend(path: string, holder: unknown, step: Step): string {
  if (step === undefined) return path;
  if (typeof step === "string") {
    const key = step.length > longestKey ? `${step.slice(0, longestKey)}...` : step;
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
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

/** The error for the value at `path`. The sentence goes on with `reason`. */
export function unserializable(path: string, reason: string, cause?: unknown): MpiError {
  return new MpiError("unserializable", `${path} ${reason}`, { cause });
}

/** The reason for a value that throws when it is read. */
export function unreadable(thrown: unknown): string {
  return `cannot be read (${messageOf(thrown)}); send data that can`;
}

/** Why an object of this kind cannot travel, and what to do; undefined if it can. */
export function reasonAgainst(value: object, kind: PrototypeKind): string | undefined {
  switch (kind.type) {
    case "private":
      return `is an instance of ${kind.name || "a class"} with the private field ${kind.field}; send its public data as a plain object, or registerClass(${kind.name}, ...)`;
    case "subclass":
      return `is an instance of ${kind.name}, which extends the registered class ${kind.base}; registerClass(${kind.name}, ...) too`;
    case "iterator":
      return `is ${withArticle(tagOf(value) ?? "iterator")}; send an array of what it yields`;
    case "native":
      if (kind.name === "") return "is an object that Node made; send a copy, { ...object }";
      return `is ${withArticle(kind.name)}; ${advice[kind.name] ?? "it cannot leave its process, send the data that it holds"}`;
    default:
      return types.isProxy(value) ? "is a Proxy of a built-in object; send that object" : undefined;
  }
}

/** Why a function or a symbol in `holder` cannot travel. */
export function reasonAgainstPrimitive(value: unknown, holder: unknown): string {
  if (typeof value === "symbol") return "is a symbol; send a string";
  const kind = typeof holder === "object" && holder !== null ? kindOfObject(holder) : undefined;
  if (kind?.type !== "class") return "is a function; send data, and keep functions on each rank";
  const name = nameOf(holder as object, kind);
  return `is a function of ${instanceOf(name)}; ${instead(name, kind)}`;
}

export function reasonAgainstCircular(name: string): string {
  return `is an instance of ${name} that holds itself, or is written as one; let write() of registerClass(${name}, ...) give other data`;
}

export function reasonAgainstText(text: string): string {
  return `is a string of ${Buffer.byteLength(text)} bytes in UTF-8, more than V8 can read as one string; send it in parts, or as bytes`;
}

/** Why an instance cannot travel whose state is in no enumerable property; undefined if it can. */
export function reasonAgainstInstance(value: object, kind: ClassKind): string | undefined {
  const name = nameOf(value, kind);
  if (Object.keys(value).length === 0) {
    return `is ${instanceOf(name)} whose state cannot be seen; ${instead(name, kind)}`;
  }
  // Checked once per class.
  const symbol = kind.warned ? undefined : Object.getOwnPropertySymbols(value).find((each) => !wellKnown.has(each));
  if (symbol === undefined) return undefined;
  return `is ${instanceOf(name)} that keeps state under ${String(symbol)}; ${instead(name, kind)}`;
}

/** Symbol.toStringTag, Symbol.iterator, ...: these properties are no state. */
const wellKnown: ReadonlySet<unknown> = new Set(
  Object.values(Object.getOwnPropertyDescriptors(Symbol)).map(({ value }): unknown => value),
);

/**
 * The name of an instance's class, if it has one. Libraries that set prototypes by hand may have it at the instance, as
 * decimal.js does.
 */
export function nameOf(value: object, kind: ClassKind): string | undefined {
  const maker: unknown = kind.name === "" ? Object.getOwnPropertyDescriptor(value, "constructor")?.value : undefined;
  return kind.name || (typeof maker === "function" && maker.name) || undefined;
}

function instanceOf(name: string | undefined): string {
  return name === undefined ? "an object with a prototype of its own" : `an instance of ${name}`;
}

/** What to send in place of an instance. */
function instead(name: string | undefined, { members }: ClassKind): string {
  const data = members.includes("toString") ? "send its toString()" : "send its data as a plain object";
  return name === undefined ? data : `${data}, or registerClass(${name}, ...)`;
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
