import type { Communicator } from "tsmpi";

/**
 * One promise of tsmpi, as a program that every rank runs and that asserts within itself. It is run on every transport
 * at every size, each time in a communicator of its own, so cases cannot disturb each other.
 */
export interface Case {
  /** A sentence about behaviour, unique in the suite. */
  name: string;
  /** Smallest number of ranks that it makes sense for; default 1. */
  from?: number;
  /** Whether it is worth running in other orders of messages; default true. A flood takes long and has one order. */
  orders?: boolean;
  /** Takes a tenth of a second or more on real processes: the quick tier runs it at few numbers of ranks. */
  heavy?: boolean;
  program(world: Communicator): Promise<void>;
}

/** The sizes that every case is run at: one, a pair, the first awkward ones, a power of two. */
export const sizes = [1, 2, 3, 4, 7, 8] as const;

/** Which cases a job on real processes runs. */
export type Load = "all" | "light" | "heavy";

export function isRun({ from = 1, heavy = false }: Case, size: number, load: Load): boolean {
  return size >= from && (load === "all" || heavy === (load === "heavy"));
}
