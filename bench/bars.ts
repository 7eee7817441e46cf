/**
 * The promised bars: tsmpi over a peer, in the same run. At most this; for a rate, at least.
 *
 * A row has the name that programs print; `n` stands for any number of ranks.
 */
export interface Bar {
  readonly row: RegExp;
  readonly against: string;
  readonly ratio: number;
}

const firstInEach = /^(10,000 tasks|1,000 tasks|100 tasks|pi with)(?!.*first call)/;

const bars: { readonly [work: string]: readonly Bar[] } = {
  "point-to-point": [
    { row: /^object, round trip/, against: "mpi4py", ratio: 0.8 },
    { row: /^buffer of (8 B|1 KiB), round trip/, against: "mpi4py", ratio: 1.5 },
    { row: /^buffer of 1 MiB, both ways/, against: "mpi4py", ratio: 0.8 },
    { row: /^objects, one way/, against: "mpi4py", ratio: 2 },
  ],
  "collectives-2": [{ row: /(of an object|of objects|of a number), n/, against: "mpi4py", ratio: 1.5 }],
  "collectives-8": [{ row: /(of an object|of objects|of a number), n/, against: "mpi4py", ratio: 0.5 }],
  map: ["multiprocessing.Pool(2)", "mpi4py.futures, 2 workers", "piscina, 2 threads", "Dask, 2 workers"].map(
    (against) => ({ row: firstInEach, against, ratio: 1 }),
  ),
  "start-8": [{ row: /hello/, against: "mpi4py", ratio: 1 }],
  "start-64": [{ row: /hello/, against: "mpi4py", ratio: 1 }],
  "across-hosts-encrypted": [
    { row: /round trip/, against: "libzmq in C, CURVE", ratio: 1.2 },
    { row: /both ways|one way/, against: "libzmq in C, CURVE", ratio: 1 / 1.2 },
  ],
  "across-hosts-clear": [
    { row: /round trip/, against: "libzmq in C", ratio: 1.2 },
    { row: /both ways/, against: "libzmq in C", ratio: 1 / 1.2 },
    // Against the peer that does the same work: for a message of 8 B the seal is most of it.
    { row: /one way/, against: "libzmq in C, sealed", ratio: 1 / 1.2 },
  ],
};

/** Whether more is better. */
export function isRate(row: string): boolean {
  return /\(([GM]B\/s|per s)\)$/.test(row);
}

export interface Judged extends Bar {
  readonly measured: number;
  readonly met: boolean;
}

/** The bars of a row whose peers were measured. */
export function judge(work: string, row: string, ratios: Readonly<Record<string, number>>): Judged[] {
  return (bars[work] ?? []).flatMap((bar) => {
    const measured = ratios[bar.against];
    if (!bar.row.test(row) || measured === undefined) return [];
    return [{ ...bar, measured, met: isRate(row) ? measured >= bar.ratio : measured <= bar.ratio }];
  });
}
