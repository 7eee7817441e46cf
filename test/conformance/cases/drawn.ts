import { type Communicator, chunks, sum } from "tsmpi";
import type { Random } from "../../support/random.ts";

/** A collective drawn at random: the same on every rank, with what each rank gives and has to get. */
export interface Drawn {
  readonly operation: string;
  readonly root: number;
  /** Elements of one part. */
  readonly length: number;
  /** How many elements `rank` gives: of one array, or of all its parts; 0 for none. */
  gives(rank: number): number;
  /** What `rank` has to get, element by element; undefined for nothing. */
  gets(rank: number): number[] | undefined;
  /** The call, with these elements and these options besides the root. */
  call(world: Communicator, mine: Int32Array, options: { into?: Int32Array; signal?: AbortSignal }): Promise<unknown>;
  /** Whether it takes the elements as parts, one for each rank. */
  readonly inParts: boolean;
  /** Whether it combines them. */
  readonly combines: boolean;
}

const operations = [
  "bcast",
  "scatter",
  "gather",
  "allgather",
  "alltoall",
  "reduce",
  "allreduce",
  "reduceScatter",
  "scan",
  "exscan",
] as const;
type Operation = (typeof operations)[number];

/** Elements of 4 bytes: small ones, and both sides of where arrays are posted, sent in pieces, lent and announced. */
const lengths = [1, 3, 255, 256, 257, 1024, 1025, 4096, 4097, 16_384, 16_385, 40_000];
/** What all parts of all ranks may take, in elements. */
const most = 400_000;

/** The i-th element that a rank gives. Sums of them are exact. */
const element = (salt: number, rank: number, i: number): number => (7 * (rank + 1) + 3 * i + salt) % 1000;

export function elements(salt: number, rank: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => element(salt, rank, i));
}

export function draw(random: Random, size: number, salt: number): Drawn {
  const operation = random.pick(operations);
  const root = random.between(0, size - 1);
  const inParts = operation === "scatter" || operation === "alltoall" || operation === "reduceScatter";
  const square = inParts || operation === "gather" || operation === "allgather";
  const fits = lengths.filter((length) => length * size * (square ? size : 1) <= most);
  const length = random.pick(fits);
  const rooted = operation === "bcast" || operation === "scatter";
  const all = Array.from({ length: size }, (_, r) => r);
  const part = (of: number, r: number) =>
    Array.from({ length }, (_, i) => element(salt, of, (inParts ? r * length : 0) + i));
  const combined = (ranks: readonly number[], r: number) =>
    Array.from({ length }, (_, i) =>
      ranks.reduce((total, of) => total + element(salt, of, (inParts ? r * length : 0) + i), 0),
    );
  const gets: Record<Operation, (rank: number) => number[] | undefined> = {
    bcast: () => part(root, 0),
    scatter: (rank) => part(root, rank),
    gather: (rank) => (rank === root ? all.flatMap((r) => part(r, 0)) : undefined),
    allgather: () => all.flatMap((r) => part(r, 0)),
    alltoall: (rank) => all.flatMap((r) => part(r, rank)),
    reduce: (rank) => (rank === root ? combined(all, 0) : undefined),
    allreduce: () => combined(all, 0),
    reduceScatter: (rank) => combined(all, rank),
    scan: (rank) => combined(all.slice(0, rank + 1), 0),
    exscan: (rank) => (rank === 0 ? undefined : combined(all.slice(0, rank), 0)),
  };
  return {
    operation,
    root,
    length,
    inParts,
    combines: ["reduce", "allreduce", "reduceScatter", "scan", "exscan"].includes(operation),
    gives: (rank) => (rooted && rank !== root ? 0 : inParts ? size * length : length),
    gets: gets[operation],
    call(world, mine, options) {
      const isRooted = rooted || operation === "gather" || operation === "reduce";
      const all = isRooted ? { root, ...options } : options;
      const value = rooted && world.rank !== root ? undefined : inParts ? chunks(mine, size) : mine;
      return callBy(world, operation, value, all, sum);
    },
  };
}

/** Any collective with any arguments, as a program without types might call it. */
export function callBy(
  world: Communicator,
  operation: string,
  value: unknown,
  options: object,
  op: unknown,
): Promise<unknown> {
  const calls = world as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const combines = ["reduce", "allreduce", "reduceScatter", "scan", "exscan"].includes(operation);
  const call = calls[operation]?.bind(world);
  if (call === undefined) throw new Error(`no ${operation}`);
  return combines ? call(value, op, options) : call(value, options);
}

/** The elements of a result, whether it came in `into` or as an array for each rank. */
export function flat(result: unknown): number[] | undefined {
  if (result === undefined) return undefined;
  return Array.isArray(result) ? result.flatMap((each) => [...(each as Int32Array)]) : [...(result as Int32Array)];
}
