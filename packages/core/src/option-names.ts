/**
 * The options of every call, by their names. The one table of them: calls check what they are given against it, and a test
 * compares it with the types of `options.ts` and with `docs/calls.md`.
 */
export const optionNames = {
  send: ["dest", "tag", "sync", "signal"],
  recv: ["source", "tag", "into", "probed", "signal"],
  recvMessage: ["source", "tag", "into", "probed", "signal"],
  probe: ["source", "tag", "signal"],
  iprobe: ["source", "tag"],
  messages: ["source", "tag", "signal"],
  sendrecv: ["dest", "source", "tag", "sendTag", "recvTag", "into", "signal"],

  barrier: ["signal"],
  bcast: ["root", "into", "signal"],
  scatter: ["root", "into", "signal"],
  gather: ["root", "into", "signal"],
  allgather: ["into", "signal"],
  alltoall: ["into", "signal"],
  reduce: ["root", "into", "deterministic", "signal"],
  allreduce: ["into", "deterministic", "signal"],
  reduceScatter: ["into", "signal"],
  scan: ["into", "signal"],
  exscan: ["into", "signal"],
  neighborAllgather: ["signal"],
  neighborAlltoall: ["signal"],

  split: ["key", "signal"],
  dup: ["signal"],
  subset: ["signal"],
  cart: ["periodic", "reorder", "spare", "signal"],
  sub: ["signal"],
  graph: ["signal"],
  intercomm: ["bridge", "remoteLeader", "leader", "tag", "signal"],
  merge: ["high", "signal"],

  interBcast: ["root", "signal"],
  interScatter: ["root", "signal"],
  interGather: ["root", "signal"],
  interReduce: ["root", "deterministic", "signal"],
  interAllgather: ["signal"],
  interAlltoall: ["signal"],
  interAllreduce: ["deterministic", "signal"],

  map: [
    "schedule",
    "chunkSize",
    "lookAhead",
    "stopOnError",
    "timeoutMs",
    "retries",
    "journal",
    "progress",
    "initializer",
    "rootWorks",
    "into",
    "signal",
  ],
  pool: ["initializer", "signal"],

  createOp: ["commutative", "name"],
  local: ["seed", "failAt", "ranksPerHost", "check"],
} as const;

/** A call, as {@link optionNames} knows it. */
export type OptionedCall = keyof typeof optionNames;

/** What people write who know other libraries, and what it is called here. */
export const otherNames: Readonly<Record<string, string>> = {
  src: "source",
  from: "source",
  dst: "dest",
  to: "dest",
  destination: "dest",
  buf: "into",
  buffer: "into",
  recvbuf: "into",
  out: "into",
  sendtag: "sendTag",
  recvtag: "recvTag",
  status: "probed",
  message: "probed",
  synchronous: "sync",
  abort: "signal",
  abortSignal: "signal",
  periods: "periodic",
  remote_leader: "remoteLeader",
  op: "the operation, which is the second argument",
};
