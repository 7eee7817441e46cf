import { distance } from "fastest-levenshtein";
import { invalid, show } from "./check.ts";
import { overlaps } from "./into.ts";
import { type OptionedCall, optionNames, otherNames } from "./option-names.ts";
import { type Elements, isBlock } from "./regions/block.ts";
import { describe, isTypedArray } from "./typed-array.ts";

/** The options of one call. `has[name]` is true or undefined. */
export interface KnownOptions {
  readonly names: readonly string[];
  readonly has: Readonly<Record<string, true | undefined>>;
  /** Whether `into` may be a list, with an array for each part. */
  readonly lists: boolean;
  /** Whether `into` is an object with arrays by name, which the call itself checks. */
  readonly named: boolean;
}

const withParts: ReadonlySet<string> = new Set<OptionedCall>([
  "gather",
  "allgather",
  "alltoall",
  "neighborAllgather",
  "neighborAlltoall",
]);

const byName: ReadonlySet<string> = new Set<OptionedCall>(["load", "loadParts"]);

export const knownOptions: Readonly<Record<OptionedCall, KnownOptions>> = Object.fromEntries(
  Object.entries(optionNames).map(([call, names]): [string, KnownOptions] => [
    call,
    { names, has: lookUp(names), lists: withParts.has(call), named: byName.has(call) },
  ]),
) as { readonly [C in OptionedCall]: KnownOptions };

function lookUp(names: readonly string[]): KnownOptions["has"] {
  return Object.assign(Object.create(null), Object.fromEntries(names.map((name) => [name, true])));
}

/**
 * Checks the options of a call: they must be an object with known properties only. JavaScript programs may write
 * `recv(3)`, as in mpi4py, or `recv({ src: 1 })`; both would silently mean any source.
 *
 * Costs 10 ns for two options.
 * @throws MpiError `invalid-argument`
 */
export function checkOptions(known: KnownOptions, options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw invalid(
      `the options are ${show(options)}, but they are an object, such as { dest: 1, tag: 7 } or { root: 2 }`,
    );
  }
  const { has } = known;
  for (const name in options) {
    if (has[name] !== true && !isOtherEnd(name, has, options)) throw unknownOption(name, known.names, options);
  }
  const { signal, into } = options as { signal?: Partial<AbortSignal> | null; into?: unknown };
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw invalid(`signal is ${show(signal)}, but it is an AbortSignal`);
  }
  if (into !== undefined && !isTypedArray(into) && !isBlock(into) && !known.named) checkIntoList(known, into);
}

/** Checks a list of arrays and blocks, one for each part of the result. */
function checkIntoList({ lists }: KnownOptions, into: unknown): void {
  if (!Array.isArray(into) || !lists) {
    const also = lists ? "; or a list of them, one for each part" : "";
    throw invalid(`\`into\` is ${show(into)}, but it is a typed array, or a block of one${also}`);
  }
  for (const [i, each] of into.entries()) {
    if (!isTypedArray(each) && !isBlock(each)) {
      throw invalid(`into[${i}] is ${show(each)}, but it is a typed array, or a block of one`);
    }
    const other = into.findIndex((before, k) => k < i && overlaps(before, each));
    if (other < 0) continue;
    throw invalid(`into[${other}] and into[${i}] have elements in common: ${extent(into[other])}; ${extent(each)}`);
  }
}

function extent(elements: Elements): string {
  return isBlock(elements) ? elements.layout.text : describe(elements);
}

/**
 * Whether the option is the other half of a pair `{ source, dest }`, as a grid's `shift` returns it: `send` takes
 * `dest` from it, `recv` takes `source`. `recv({ dest: 1 })` alone is an error, because it would mean any source.
 */
function isOtherEnd(name: string, has: KnownOptions["has"], options: { source?: unknown; dest?: unknown }): boolean {
  if (name === "source") return has["dest"] === true && options.dest !== undefined;
  return name === "dest" && has["source"] === true && options.source !== undefined;
}

function unknownOption(name: string, names: readonly string[], options: object): Error {
  const isStatus = names.includes("probed") && "bytes" in options && "source" in options;
  if (isStatus)
    return invalid("a status is no options; to receive the message that was probed give { probed: status }");
  const nearest = otherNames[name] ?? names.toSorted((a, b) => distance(name, a) - distance(name, b))[0] ?? "";
  const isNear = name in otherNames || distance(name.toLowerCase(), nearest.toLowerCase()) <= nearest.length / 2;
  const all = names.length === 0 ? "this call has none" : `this call has ${names.join(", ")}`;
  return invalid(`there is no option ${name}; ${isNear ? `did you mean ${nearest}?` : all}`);
}
