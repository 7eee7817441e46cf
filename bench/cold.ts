import { mpi4pySteps, type Step, tsmpiSteps } from "./contender.ts";
import type { Obstacles } from "./machine.ts";
import type { Work } from "./measure.ts";

/**
 * What a fresh process sees: whole programs, the loops of OSU, the first calls one by one, small kernels, and calls of which nothing
 * is compiled.
 */
export function cold(obstacles: Obstacles, quick: boolean): Work[] {
  const both = (n: number, ...options: string[]): Work["contenders"] => {
    return () => [tsmpiSteps(n, ...options), mpi4pySteps(n, obstacles.mpi4py)];
  };
  const loops = (quick ? kinds.slice(0, -1) : kinds).map(([n, iterations]) => ({
    name: `cold-loops-${n}-${iterations}`,
    title: `Cold loops, ${n} ranks: ${iterations / 10} calls, then ${count(iterations)} that count, of each size`,
    steps: operations.map((operation) => loop(operation, iterations, quick)),
    contenders: both(n),
  }));
  return [
    { name: "cold-programs", title: "Whole programs, 2 ranks", steps: programs(), contenders: both(2) },
    ...loops,
    {
      name: "cold-curve",
      title: "What the n-th call costs: a round trip of 8 B, 2 ranks",
      steps: [{ program: ["curve"] }],
      contenders: both(2),
    },
    { name: "cold-kernels", title: "Small kernels, 2 ranks", steps: kernels, contenders: both(2) },
    {
      name: "cold-interpreted",
      title: "With nothing compiled (`--no-opt --no-sparkplug`), 2 ranks",
      steps: [{ program: ["paths"] }],
      contenders: both(2, "--node-options", "--no-opt --no-sparkplug"),
    },
  ];
}

function programs(): Step[] {
  return ["allreduce", "bcast", "ping-pong"].flatMap((operation) =>
    [10, 100, 1000, 10_000, 100_000].map((calls): Step => {
      const wall = `${count(calls)} calls of ${operation}, whole command (s)`;
      return { program: ["calls", operation, String(calls)], wall };
    }),
  );
}

/** Ranks and iterations. The last one takes longest. */
const kinds = [
  [2, 100],
  [2, 1000],
  [4, 100],
  [4, 1000],
] as const;

const operations = [
  ...["latency", "bibw", "barrier", "allreduce", "reduce"],
  ...["bcast", "allgather", "alltoall", "gather", "scatter"],
];

/** Quick: all sizes that follow each other in OSU's small range, so that they are as cold as in the whole loop, and few large. */
function loop(operation: string, iterations: number, quick: boolean): Step {
  const sizes = operation === "barrier" ? [0] : sizesOf(operation.endsWith("reduce") ? 4 : 1, iterations, quick);
  return { program: ["loops", operation, String(iterations), String(iterations / 10), sizes.join(",")] };
}

/** Powers of two up to 4 MiB. */
function sizesOf(least: number, iterations: number, quick: boolean): number[] {
  const all = Array.from({ length: 23 }, (_, i) => 2 ** i).filter((bytes) => bytes >= least);
  const large = iterations === 100 ? [64 << 10, 1 << 20, 4 << 20] : [];
  return quick ? all.filter((bytes) => bytes <= 8192 || large.includes(bytes)) : all;
}

const kernels: readonly Step[] = (
  [
    ["PRK reduce of 1,000 doubles", "prk-reduce", "300", "1000"],
    ["PRK reduce of 1,000,000 doubles", "prk-reduce", "50", "1000000"],
    ["CG 64^2", "poisson-cg", "64"],
    ["CG 300^2", "poisson-cg", "300"],
    ["NAS IS, class S", "npb-is", "S"],
    ["NAS IS, class W", "npb-is", "W"],
  ] as const
).map(([name, script, ...args]) => ({
  program: [`kernels/${script}`, ...args],
  wall: `${name}, whole command (s)`,
}));

function count(calls: number): string {
  return calls.toLocaleString("en-US");
}
