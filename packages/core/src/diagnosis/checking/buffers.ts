import { createHash } from "node:crypto";
import type { Call } from "../../calls/call.ts";
import { siteHere } from "../../calls/call-site.ts";
import { overlaps } from "../../calls/into.ts";
import { ArrayBlock, type Elements, isBlock } from "../../calls/regions/block.ts";
import { Layout } from "../../calls/regions/layout.ts";
import { isTypedArray, type TypedArray } from "../../calls/typed-array.ts";
import { encode } from "../../wire/codec/codec.ts";

type Memory = ArrayBufferView | Elements;

/** The memory of one call under way. */
interface Use {
  readonly call: Call;
  readonly reads: readonly Memory[];
  readonly fills: Elements | undefined;
}

/** Watches the memory of calls under way. The program must not use it until their promises have settled. */
export class Buffers {
  readonly #underWay: Set<Use> = new Set();
  readonly #report: (text: string) => void;

  constructor(report: (text: string) => void) {
    this.#report = report;
  }

  /**
   * Begins a call that reads `value` and fills `into`. Warns when the memory of another call overlaps, or when the value has changed
   * at the end. A floating-point `into` holds NaN until then, so that a read that comes too early gives no number.
   *
   * Costs a copy and two checksums of the value.
   */
  watch<T>(call: Call, value: unknown, into: Elements | undefined, begin: () => Promise<T>): Promise<T> {
    call.site ??= siteHere();
    const fills = isTypedArray(into) || isBlock(into) ? into : undefined;
    const use: Use = { call, reads: viewsOf(value), fills };
    for (const other of this.#underWay) this.#compare(use, other);
    const inPlace = fills !== undefined && use.reads.some((read) => overlaps(read, fills));
    const before = inPlace ? undefined : checksum(value);
    const restore = inPlace ? nothing : poison(fills);
    const result = begin();
    this.#underWay.add(use);
    const end = (): void => {
      this.#underWay.delete(use);
      restore();
      if (before !== undefined && checksum(value) !== before) {
        this.#tell(call, "what was given to it has changed while it was under way; await it before you change that");
      }
    };
    result.then(end, end);
    return result;
  }

  #compare(use: Use, other: Use): void {
    const filled = [use.fills, other.fills].filter((view) => view !== undefined);
    const [mine, theirs] = [use, other].map(({ reads, fills }) =>
      fills === undefined ? reads : [...reads, fills],
    ) as [readonly Memory[], readonly Memory[]];
    const clash = filled.some((view) => (view === use.fills ? theirs : mine).some((each) => overlaps(view, each)));
    if (!clash) return;
    const at = other.call.site === undefined ? "" : ` at ${other.call.site}`;
    this.#tell(
      use.call,
      `its memory overlaps that of ${other.call.operation}()${at}, which is under way; await that first`,
    );
  }

  #tell(call: Call, what: string): void {
    this.#report(`${call.site === undefined ? "" : `${call.site}: `}${call.operation}(): ${what}`);
  }
}

/** The arrays and blocks of a value: the value itself, or the elements of a list. */
function viewsOf(value: unknown): readonly Memory[] {
  return (Array.isArray(value) ? value : [value]).filter((each) => ArrayBuffer.isView(each) || isBlock(each));
}

/** Undefined for a value that cannot travel, and for a function that the root calls. */
function checksum(value: unknown): string | undefined {
  if (typeof value === "function") return undefined;
  try {
    const { head, attachments } = encode(value);
    const hash = createHash("sha1").update(head);
    for (const attachment of attachments) hash.update(attachment);
    return hash.digest("base64");
  } catch {
    return undefined;
  }
}

/** NaN bit patterns that no computation produces, to be distinguished from the program's own NaNs. */
const markOfDoubles = 0x7ff4_dead_beef_0001n;
const markOfFloats = 0x7fa0_beef;

/**
 * Fills floating-point elements with NaN. Returns a function that restores those that have not been filled since. Other
 * kinds of arrays have no value that programs never use.
 */
function poison(into: Elements | undefined): () => void {
  const array = isBlock(into) ? into.array : into;
  const layout = isBlock(into) ? into.layout : new Layout({ shape: [array?.length ?? 0] });
  if (array instanceof Float64Array) {
    return poisonBits(new BigUint64Array(array.buffer, array.byteOffset, array.length), layout, markOfDoubles);
  }
  if (array instanceof Float32Array) {
    return poisonBits(new Uint32Array(array.buffer, array.byteOffset, array.length), layout, markOfFloats);
  }
  return nothing;
}

function poisonBits<A extends TypedArray>(bits: A, layout: Layout, mark: A[number]): () => void {
  const block = new ArrayBlock(bits, layout);
  const saved = block.toArray();
  block.fill(mark);
  return () => {
    const now = block.toArray();
    for (let i = 0; i < now.length; i++) if (now[i] === mark) now[i] = saved[i] as A[number];
    block.set(now);
  };
}

function nothing(): void {}
