import { constants } from "node:os";
import { Random } from "../support/random.ts";

/** What a rank is in the middle of when something happens to it: `work.mjs` has one function for each. */
export const phases = [
  "start-up",
  "recv",
  ...["barrier", "bcast", "scatter", "gather", "allgather", "alltoall", "reduce", "allreduce", "reduceScatter", "scan"],
  "split",
  "map",
  "pool",
  "shut-down",
] as const;
export type Phase = (typeof phases)[number];

/** What happens, to whom (a rank, a host, the launcher), and how long after the ranks have come up. */
export type Fault =
  | { kind: "signal"; rank: number; signal: NodeJS.Signals; atMs: number }
  | { kind: "pause"; who: number | "launcher"; forMs: number; atMs: number }
  | { kind: "launcher"; signal: NodeJS.Signals; atMs: number }
  | { kind: "agent"; host: string; atMs: number }
  | { kind: "cut"; host: string; forMs: number | undefined; atMs: number };

/** What a rank does to itself, in a round of its work. */
export interface Misdeed {
  rank: number;
  what: "throw" | "reject" | "exit 0" | "exit 3" | "kill";
  round: number;
}

/** One job, and all that goes wrong with it. */
export interface Plan {
  seed: number;
  /** Node file of a job on several hosts; undefined: on this machine alone. */
  lines: readonly string[] | undefined;
  ranks: number;
  phase: Phase;
  keepGoing: boolean;
  faults: readonly Fault[];
  misdeed: Misdeed | undefined;
}

const hostNames = ["a", "b", "c"] as const;

const deadly: readonly NodeJS.Signals[] = ["SIGKILL", "SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM", "SIGBUS"];

/** What this seed stands for. */
export function planFor(seed: number, onHosts: boolean): Plan {
  const random = new Random(seed);
  const ranks = onHosts ? 6 : random.between(2, 6);
  const phase = random.pick(phases);
  const keepGoing = (phase === "map" || phase === "pool") && random.fraction() < 0.7;
  const base = { seed, ranks, phase, keepGoing, lines: onHosts ? ["a", "a", "b", "b", "c", "c"] : undefined };
  // During start-up nobody has come up yet: the launcher's own start is the clock.
  const atMs = (): number => (phase === "start-up" ? random.between(100, 900) : random.between(0, 600));
  const kill = (rank: number): Fault => ({ kind: "signal", rank, signal: random.pick(deadly), atMs: atMs() });
  const pause = (who: number | "launcher"): Fault => ({
    kind: "pause",
    who,
    forMs: random.between(20, 1200),
    atMs: atMs(),
  });

  if (keepGoing) {
    // A map goes on with rank 0 alone; a pool needs somebody to work.
    const most = phase === "map" ? ranks - 1 : ranks - 2;
    const victims = Array.from({ length: random.between(Math.min(1, most), most) }, (_, i) => i + 1);
    return { ...base, faults: victims.map(kill), misdeed: undefined };
  }
  const rank = (): number => random.between(0, ranks - 1);
  const choices: (() => Pick<Plan, "faults" | "misdeed">)[] = [
    () => ({ faults: [kill(rank())], misdeed: undefined }),
    () => ({ faults: [pause(rank()), pause(rank()), pause("launcher")], misdeed: undefined }),
    () => ({ faults: [pause(rank()), kill(rank())], misdeed: undefined }),
    () => ({
      faults: [],
      misdeed: {
        rank: rank(),
        what: random.pick(["throw", "reject", "exit 0", "exit 3", "kill"]),
        round: random.between(0, 8),
      },
    }),
    () => ({
      faults: [{ kind: "launcher", signal: random.pick(["SIGKILL", "SIGTERM", "SIGINT"]), atMs: atMs() }],
      misdeed: undefined,
    }),
  ];
  const far: (() => Pick<Plan, "faults" | "misdeed">)[] = [
    () => ({ faults: [{ kind: "agent", host: random.pick(["b", "c"]), atMs: atMs() }], misdeed: undefined }),
    () => ({
      faults: [{ kind: "cut", host: random.pick(["b", "c"]), forMs: undefined, atMs: atMs() }],
      misdeed: undefined,
    }),
    () => ({
      faults: [{ kind: "cut", host: random.pick(hostNames), forMs: random.between(50, 2000), atMs: atMs() }],
      misdeed: undefined,
    }),
  ];
  return { ...base, ...random.pick(onHosts ? [...far, ...far, ...choices] : choices)() };
}

/** Exit codes that tell of this fault, where it came in time. */
export function codesOf(fault: Fault): number[] {
  switch (fault.kind) {
    case "signal":
      return [128 + constants.signals[fault.signal]];
    case "launcher":
      return [128 + constants.signals[fault.signal]];
    case "agent":
      return [125];
    case "cut":
      return fault.forMs === undefined ? [125] : [];
    case "pause":
      return [];
  }
}

/** The plan in a line. */
export function describePlan({ seed, lines, ranks, phase, keepGoing, faults, misdeed }: Plan): string {
  const what = faults.map((fault) => `${describeFault(fault)} at ${fault.atMs} ms`);
  if (misdeed !== undefined) what.push(`rank ${misdeed.rank}: ${misdeed.what}, in round ${misdeed.round}`);
  const where = lines === undefined ? "" : " on three hosts";
  return `seed ${seed}: ${ranks} ranks${where} in ${phase}${keepGoing ? ", --keep-going" : ""}; ${what.join("; ")}`;
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case "signal":
      return `rank ${fault.rank} gets ${fault.signal}`;
    case "pause":
      return `${fault.who === "launcher" ? "the launcher" : `rank ${fault.who}`} is stopped for ${fault.forMs} ms`;
    case "launcher":
      return `the launcher gets ${fault.signal}`;
    case "agent":
      return `the agent on ${fault.host} is killed`;
    case "cut":
      return `${fault.host} is cut off ${fault.forMs === undefined ? "for good" : `for ${fault.forMs} ms`}`;
  }
}
