// The calls of tsmpi, by what the analysis has to know about them. Each gives a promise.

/** Calls whose result is equal on all ranks. */
export const sameEverywhere: ReadonlySet<string> = new Set(["bcast", "allreduce", "allgather"]);

/** Calls whose result is on one rank; it is undefined elsewhere. */
export const atRootOnly: ReadonlySet<string> = new Set(["gather", "reduce", "map", "pool"]);

/** Calls whose result differs from rank to rank. */
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

/** Calls that make a communicator. */
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
  "splitShared",
  "shrink",
  "spawn",
]);

/** Those that make one with fewer ranks. */
export const parting: ReadonlySet<string> = new Set(["split", "subset", "intercomm", "sub", "splitShared", "shrink"]);

/** Calls that need no `await`: a nonblocking send, and the calls that end a program. */
export const mayFloat: ReadonlySet<string> = new Set(["send", "abort", "close"]);

/** Every call of a communicator that gives a promise. */
export const calls: ReadonlySet<string> = new Set([
  ...sameEverywhere,
  ...atRootOnly,
  ...eachRanksOwn,
  ...forming,
  ...mayFloat,
  "agree",
  "barrier",
  "openFile",
  "revoke",
  "checkpoints",
  "window",
  "counter",
  "mutex",
  "sharedArray",
]);

/** Calls of a communicator that give results one by one, and no promise. */
export const streaming: ReadonlySet<string> = new Set(["imap", "imapUnordered"]);

/** Those whose first argument is a task. */
export const taskFirst: ReadonlySet<string> = new Set(["map", ...streaming]);

/** Functions of the package that give a promise. */
export const functions: ReadonlySet<string> = new Set(["init", "pool", "writeNpy", "readNpy", "readNpyHeader"]);

/** Calls of a pool's driver that give a promise. */
export const ofWorkers: ReadonlySet<string> = new Set(["run", "map", "starmap", "mapReduce"]);

export const communicatorTypes: ReadonlySet<string> = new Set([
  "Communicator",
  "CartCommunicator",
  "GraphCommunicator",
  "Intercommunicator",
]);

export function isOurPackage(specifier: string): boolean {
  return /^(tsmpi|@tsmpi\/core)(\/testing)?$/.test(specifier);
}
