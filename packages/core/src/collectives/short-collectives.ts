import { emptyLike, isTypedArray, kindOf, type TypedArray } from "../calls/typed-array.ts";
import { check } from "../ops/apply.ts";
import { asOp, type Op, type Reducer, type Rule, ruleOf } from "../ops/op.ts";
import { wasmKindOf } from "../ops/wasm-loop.ts";
import { type ShortValue, short } from "../wire/codec/codec.ts";
import type { ShortBoard } from "../wire/short-board.ts";
import { notThere } from "../wire/short-messages.ts";
import { foldInOrder } from "./algorithms/combine.ts";
import type { Operation } from "./signature.ts";

/** The options that collectives here know. */
interface ShortOptions {
  readonly root?: number | undefined;
  readonly into?: TypedArray | undefined;
}

/**
 * Collectives of numbers, short arrays and small objects among ranks that share memory, which end within some microseconds. They
 * take this path of a few functions for the reason that `engine/direct-messages.ts` gives.
 *
 * What this path does not know goes the usual way, also when this rank has posted already. So it refuses nothing; but
 * it posts nothing that the usual way would refuse.
 */
export class ShortCollectives {
  readonly #board: ShortBoard;
  readonly #rank: number;
  readonly #size: number;
  #posted = false;
  /** Number of the post. */
  #number = 0;
  #signature = 0;

  constructor(board: ShortBoard, rank: number, size: number) {
    this.#board = board;
    this.#rank = rank;
    this.#size = size;
  }

  /** The result, or {@link notThere}. */
  run(
    operation: Operation,
    number: number,
    signature: number,
    value: unknown,
    options: ShortOptions,
    reducer: unknown,
  ): unknown {
    this.#posted = false;
    this.#number = 2 * number;
    this.#signature = signature;
    const { root = 0, into } = options;
    if (!(root >= 0 && root < this.#size && Number.isInteger(root))) return notThere;
    switch (operation) {
      case "barrier":
      case "fence":
        return this.#post(undefined) && this.#board.awaitAll(this.#number, signature) ? undefined : notThere;
      case "bcast":
        return this.#rank === root ? this.#give(value, into) : this.#take(root, into);
      case "reduce":
        return this.#reduce(value, reducer, root, into);
      case "allreduce":
        return this.#reduce(value, reducer, undefined, into);
      case "gather":
        return this.#gather(value, root, into);
      case "allgather":
        return this.#gather(value, undefined, into);
      default:
        return notThere;
    }
  }

  /** Whether this collective, which has not ended here, has posted its value. */
  hasPosted(collective: number): boolean {
    return this.#posted && this.#number === 2 * collective;
  }

  /** Posts a value, or that this rank has come. False where there is no room. */
  #post(value: ShortValue | undefined): boolean {
    this.#posted = this.#board.post(this.#number, this.#signature, value);
    return this.#posted;
  }

  /** The same for a rank that does not wait for all: it sees at least whether others are in another collective. */
  #postAndLook(value: ShortValue | undefined): boolean {
    return this.#post(value) && this.#board.agrees(this.#number, this.#signature);
  }

  #give(value: unknown, into: TypedArray | undefined): unknown {
    const ready = typeof value === "function" || (into !== undefined && into !== value) ? undefined : short(value);
    return ready !== undefined && this.#postAndLook(ready) ? value : notThere;
  }

  #take(root: number, into: TypedArray | undefined): unknown {
    const board = this.#board;
    const number = this.#number;
    if (!this.#postAndLook(undefined) || !board.awaitValues(number, this.#signature, root, root)) return notThere;
    if (into === undefined) return board.valueOf(root, number);
    const length = board.lengthOf(root, number, into);
    if (length === undefined || length > into.length) return notThere;
    board.copyInto(root, number, into, 0);
    return into;
  }

  /** At the root, or (undefined) everywhere. */
  #reduce(value: unknown, reducer: unknown, root: number | undefined, into: TypedArray | undefined): unknown {
    if (typeof reducer !== "object" || reducer === null) return notThere;
    const op: Op<never> = asOp(reducer as Reducer<never>);
    if (!op.builtIn) return notThere;
    check(op, value);
    const isNumber = typeof value === "number";
    if (!isNumber && !isLooped(op, value)) return notThere;
    if (root !== undefined && root !== this.#rank) return this.#postAndLook(value) ? undefined : notThere;
    if (into !== undefined && (isNumber || !hasRoom(into, value))) return notThere;
    if (!this.#post(value) || !this.#awaitAll()) return notThere;
    return isNumber ? this.#combineNumbers(ruleOf(op)) : this.#combineArrays(ruleOf(op), value, into);
  }

  #combineNumbers({ number: combine }: Rule): unknown {
    const board = this.#board;
    const number = this.#number;
    for (let rank = 0; rank < this.#size; rank++) {
      const value = board.numberOf(rank, number);
      if (value === undefined) return notThere;
      operands[rank] = value;
    }
    return foldInOrder(operands, this.#size, combine as (lower: number, upper: number) => number);
  }

  #combineArrays({ loop }: Rule, like: TypedArray, into: TypedArray | undefined): unknown {
    const board = this.#board;
    const number = this.#number;
    for (let rank = 0; rank < this.#size; rank++) {
      const place = board.arrayOf(rank, number, like);
      if (place < 0) return notThere;
      operands[rank] = place;
    }
    const kind = wasmKindOf(like);
    const bytes = like.byteLength;
    const place = foldInOrder(operands, this.#size, (a, b, slot) =>
      board.combine(loop as number, kind, a, b, slot, bytes),
    );
    const out = into ?? emptyLike(like);
    board.result(place, bytes, out);
    return out;
  }

  #gather(value: unknown, root: number | undefined, into: TypedArray | undefined): unknown {
    const ready = short(value);
    if (ready === undefined) return notThere;
    if (root !== undefined && root !== this.#rank) return this.#postAndLook(ready) ? undefined : notThere;
    if (!this.#post(ready) || !this.#awaitAll()) return notThere;
    return into === undefined ? this.#values() : this.#valuesIn(into);
  }

  #values(): unknown {
    const board = this.#board;
    const number = this.#number;
    const values = new Array<unknown>(this.#size);
    for (let rank = 0; rank < this.#size; rank++) {
      const value = board.valueOf(rank, number);
      if (value === notThere) return notThere;
      values[rank] = value;
    }
    return values;
  }

  /** Writes nothing unless all of them fit. */
  #valuesIn(into: TypedArray): unknown {
    const board = this.#board;
    let length = 0;
    for (let rank = 0; rank < this.#size; rank++) {
      const more = board.lengthOf(rank, this.#number, into);
      if (more === undefined) return notThere;
      operands[rank] = length;
      length += more;
    }
    if (length > into.length) return notThere;
    for (let rank = 0; rank < this.#size; rank++) board.copyInto(rank, this.#number, into, operands[rank] as number);
    return into;
  }

  #awaitAll(): boolean {
    return this.#board.awaitValues(this.#number, this.#signature, 0, this.#size - 1);
  }
}

/** Whether WebAssembly can do this operation on this array. */
function isLooped(op: Op<never>, value: unknown): value is TypedArray {
  return ruleOf(op).loop !== undefined && isTypedArray(value) && value.length > 0 && wasmKindOf(value) >= 0;
}

function hasRoom(into: TypedArray, value: TypedArray): boolean {
  return kindOf(into) === kindOf(value) && into.length >= value.length;
}

/** Numbers, or places of arrays; reused, because nothing here waits. */
const operands: number[] = [];
