/** What the calls of a communicator mean to somebody who reads a program. Each of them gives a promise. */

/** Their result is the same on every rank. */
export const sameEverywhere: ReadonlySet<string> = new Set(["bcast", "allreduce", "allgather"]);

/** Their result is there on one rank, and undefined elsewhere. */
export const atRootOnly: ReadonlySet<string> = new Set(["gather", "reduce", "map", "pool"]);

/** Their result is each rank's own. */
export const eachRanksOwn: ReadonlySet<string> = new Set([
  "scatter",
  "alltoall",
  "reduceScatter",
  "scan",
  "exscan",
  "neighborAllgather",
  "neighborAlltoall",
  "recv",
  "recvMessage",
  "sendrecv",
  "probe",
  "iprobe",
]);

/** Their result is a communicator, or null. */
export const forming: ReadonlySet<string> = new Set([
  "init",
  "split",
  "dup",
  "subset",
  "cart",
  "graph",
  "intercomm",
  "sub",
  "merge",
]);

/** Those of them which leave ranks out. */
export const parting: ReadonlySet<string> = new Set(["split", "subset", "intercomm", "sub"]);

/** Often left alone with good reason: an isend, and what ends a program. */
export const mayFloat: ReadonlySet<string> = new Set(["send", "abort", "close"]);

/** Every call of a communicator that gives a promise. */
export const calls: ReadonlySet<string> = new Set([
  ...sameEverywhere,
  ...atRootOnly,
  ...eachRanksOwn,
  ...forming,
  ...mayFloat,
  "barrier",
]);

/** Functions of the package that give a promise. */
export const functions: ReadonlySet<string> = new Set(["init", "pool"]);

/** Calls of a pool's driver that give a promise. */
export const ofWorkers: ReadonlySet<string> = new Set(["run", "map", "starmap"]);

export const communicatorTypes: ReadonlySet<string> = new Set([
  "Communicator",
  "CartCommunicator",
  "GraphCommunicator",
  "Intercommunicator",
]);

export function isOurPackage(specifier: string): boolean {
  return /^(tsmpi|@tsmpi\/core)(\/testing)?$/.test(specifier);
}
