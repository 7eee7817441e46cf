/**
 * What a call waits for.
 * - `send`: for the receive of its message, if the message is too large to be sent ahead
 * - `receive`: for the matching send
 * - `all`: for the last rank of its communicator
 * - `neighbors`: for the last of the ranks that send to it
 * - `from-root`: other ranks wait for the root
 * - `to-root`: the root waits for the last of the others
 * - `map`: for tasks
 * - `task`, `other`: for no rank
 */
export type OperationKind =
  | "send"
  | "receive"
  | "all"
  | "neighbors"
  | "from-root"
  | "to-root"
  | "map"
  | "task"
  | "other";

const operationsOf: Readonly<Record<OperationKind, string>> = {
  send: "send ssend isend issend",
  receive: "recv recvMessage probe messages sendrecv",
  all: "barrier allreduce allgather alltoall reduceScatter scan exscan split dup subset cart graph sub intercomm merge window counter mutex splitShared sharedArray spawn",
  neighbors: "neighborAllgather neighborAlltoall",
  "from-root": "bcast scatter",
  "to-root": "reduce gather",
  map: "map imap imapUnordered pool",
  task: "task",
  other: "",
};

const kinds: ReadonlyMap<string, OperationKind> = new Map(
  Object.entries(operationsOf).flatMap(([kind, names]) =>
    names.split(" ").map((name): [string, OperationKind] => [name, kind as OperationKind]),
  ),
);

/** An operation that this release does not know waits for no rank. */
export function kindOf(operation: string): OperationKind {
  return kinds.get(operation) ?? "other";
}

/** Whether all ranks of a communicator call it, so that its context and key identify it. */
export function isCollective(kind: OperationKind): boolean {
  return kind === "all" || kind === "neighbors" || kind === "from-root" || kind === "to-root";
}

/** Whether it concerns one message. */
export function isMessage(kind: OperationKind): boolean {
  return kind === "send" || kind === "receive";
}
