/**
 * What the face infers and what it refuses, checked by the compiler and never run. A line that must not compile stands
 * below `@ts-expect-error`, which is an error itself when the line does compile.
 */
import {
  type AbortOptions,
  type CallOptions,
  CartCommunicator,
  type CartOptions,
  Communicator,
  createOp,
  type GraphCommunicator,
  type GraphOptions,
  type IntercommOptions,
  type Intercommunicator,
  type InterRootOptions,
  type IntoOptions,
  type MapOptions,
  type MergeOptions,
  type MessageFilter,
  max,
  maxloc,
  type PoolOptions,
  type ProbeOptions,
  type ReceivedMessage,
  type RecvIntoOptions,
  type ReduceOptions,
  type RootOptions,
  registerClass,
  type SendOptions,
  type SendrecvOptions,
  type ShiftOptions,
  type SplitOptions,
  type Status,
  sum,
  type WorldImapOptions,
} from "tsmpi";
import { local } from "tsmpi/testing";
import { expectTypeOf } from "vitest";
import type { optionNames } from "../../packages/core/src/calls/option-names.ts";

declare const world: Communicator;
declare const doubles: Float64Array;
declare const longs: BigInt64Array;
declare const atRoot: Float64Array | undefined;
interface Job {
  id: number;
}

// Point to point

expectTypeOf(world.send({ any: "thing" }, { dest: 1 })).resolves.toBeVoid();
expectTypeOf(world.send(1, { dest: null, tag: 3, sync: true })).resolves.toBeVoid();
expectTypeOf(world.recv()).resolves.toBeUnknown();
expectTypeOf(world.recv<Job>({ source: 1 })).resolves.toEqualTypeOf<Job>();
expectTypeOf(world.recv({ into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.recvMessage<Job>()).resolves.toEqualTypeOf<ReceivedMessage<Job>>();
expectTypeOf(world.recvMessage({ into: longs })).resolves.toEqualTypeOf<ReceivedMessage<BigInt64Array>>();
expectTypeOf(world.probe()).resolves.toEqualTypeOf<Status>();
expectTypeOf(world.iprobe()).resolves.toEqualTypeOf<Status | undefined>();
expectTypeOf(world.recv<Job>({ probed: {} as Status })).resolves.toEqualTypeOf<Job>();
expectTypeOf(world.sendrecv<Job>(1, { dest: 1, source: 2 })).resolves.toEqualTypeOf<Job>();
expectTypeOf(world.sendrecv(1, { dest: 1, source: null })).resolves.toEqualTypeOf<undefined>();
expectTypeOf(world.recv({ source: null })).resolves.toEqualTypeOf<undefined>();
expectTypeOf(world.sendrecv(1, { dest: 1, into: doubles })).resolves.toEqualTypeOf<Float64Array>();
declare const status: Status;
// @ts-expect-error a status is no options
world.recv(status);
declare const neighbor: number | null;
expectTypeOf(world.recv({ source: neighbor, into: doubles })).resolves.toEqualTypeOf<Float64Array | undefined>();
expectTypeOf(world.sendrecv(1, { dest: neighbor, source: neighbor, into: doubles })).resolves.toEqualTypeOf<
  Float64Array | undefined
>();
for await (const message of world.messages<Job>()) expectTypeOf(message.data).toEqualTypeOf<Job>();

// @ts-expect-error a message goes to somebody
world.send(1, { tag: 1 });
// @ts-expect-error
world.send(1);
// @ts-expect-error ranks are numbers
world.send(1, { dest: "1" });
// @ts-expect-error an option that does not exist
world.recv({ src: 1 });
// @ts-expect-error into is a typed array
world.recv({ into: [1, 2, 3] });
// @ts-expect-error a sendrecv sends to somebody, or to null
world.sendrecv(1, { source: 2 });
// @ts-expect-error a probe has nothing to receive into
world.iprobe({ into: doubles });

// Collectives that move values

expectTypeOf(world.bcast("a")).resolves.toEqualTypeOf<string>();
expectTypeOf(world.bcast(() => ({ id: 1 }))).resolves.toEqualTypeOf<{ id: number }>();
expectTypeOf(world.bcast(async () => doubles)).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.bcast<Job>()).resolves.toEqualTypeOf<Job>();
expectTypeOf(world.scatter([1, 2, 3])).resolves.toEqualTypeOf<number>();
expectTypeOf(world.scatter(() => [doubles])).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.gather({ id: 1 })).resolves.toEqualTypeOf<{ id: number }[] | undefined>();
expectTypeOf(world.gather(doubles, { into: doubles })).resolves.toEqualTypeOf<Float64Array | undefined>();
expectTypeOf(world.gather(doubles, { into: atRoot })).resolves.toEqualTypeOf<
  Float64Array | Float64Array[] | undefined
>();
expectTypeOf(world.allgather("a")).resolves.toEqualTypeOf<string[]>();
expectTypeOf(world.allgather(longs, { into: longs })).resolves.toEqualTypeOf<BigInt64Array>();
expectTypeOf(world.alltoall([{ id: 1 }])).resolves.toEqualTypeOf<{ id: number }[]>();
expectTypeOf(world.barrier()).resolves.toBeVoid();

// @ts-expect-error gathers into an array of the same type
world.gather(doubles, { into: longs });
// @ts-expect-error one part for each rank: an array
world.scatter(5);
// @ts-expect-error alltoall takes an array
world.alltoall({ id: 1 });
// @ts-expect-error a root is a rank
world.bcast(1, { root: "0" });
// @ts-expect-error allgather has no root
world.allgather(1, { root: 0 });

// Reductions

expectTypeOf(world.allreduce(1, sum)).resolves.toEqualTypeOf<number>();
expectTypeOf(world.allreduce(1n, max)).resolves.toEqualTypeOf<bigint>();
expectTypeOf(world.allreduce(doubles, sum)).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.allreduce(doubles, sum, { into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.allreduce(doubles, (a, b) => a * b)).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.allreduce(longs, (a, b) => a + b)).resolves.toEqualTypeOf<BigInt64Array>();
expectTypeOf(world.allreduce("a", (a, b) => a + b)).resolves.toEqualTypeOf<string>();
expectTypeOf(world.allreduce([1, 2], sum)).resolves.toEqualTypeOf<number[]>();
expectTypeOf(world.reduce(1, sum)).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(world.scan(1, sum)).resolves.toEqualTypeOf<number>();
expectTypeOf(world.exscan(1, sum)).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(world.reduceScatter([1, 2], sum)).resolves.toEqualTypeOf<number>();
expectTypeOf(
  world.allreduce(
    "a",
    createOp<string>((a, b) => a + b),
  ),
).resolves.toEqualTypeOf<string>();
expectTypeOf(world.allreduce({ value: 1, index: 0 }, maxloc)).resolves.toEqualTypeOf<{
  value: number;
  index: number;
}>();
expectTypeOf(world.scan(doubles, sum, { into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.exscan(longs, max, { into: longs })).resolves.toEqualTypeOf<BigInt64Array | undefined>();
expectTypeOf(world.reduceScatter([doubles], sum, { into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.reduce(doubles, sum, { into: atRoot })).resolves.toEqualTypeOf<Float64Array | undefined>();

// @ts-expect-error scans into an array of the same type
world.scan(doubles, sum, { into: longs });
// @ts-expect-error words have no sum
world.allreduce("a", sum);
// @ts-expect-error nor have objects
world.allreduce({ id: 1 }, sum);
// @ts-expect-error an operation is needed
world.allreduce(1);
// @ts-expect-error reduces into an array of the same type
world.allreduce(doubles, sum, { into: longs });
// @ts-expect-error a number cannot be reduced into an array
world.allreduce(1, sum, { into: doubles });
// @ts-expect-error a function of what is reduced
world.allreduce(1, (a: string, b: string) => a + b);

// Communicators

declare const color: number | null;
expectTypeOf(world.split(1)).resolves.toEqualTypeOf<Communicator>();
expectTypeOf(world.split("odd", { key: -1 })).resolves.toEqualTypeOf<Communicator>();
expectTypeOf(world.split(color)).resolves.toEqualTypeOf<Communicator | null>();
expectTypeOf(world.dup()).resolves.toEqualTypeOf<Communicator>();
expectTypeOf(world.subset([0, 1])).resolves.toEqualTypeOf<Communicator | null>();
expectTypeOf(world.subset(world.group)).resolves.toEqualTypeOf<Communicator | null>();
expectTypeOf(world.cart([2, 2])).resolves.toEqualTypeOf<CartCommunicator>();
expectTypeOf(world.cart([2, 2], { spare: false })).resolves.toEqualTypeOf<CartCommunicator>();
expectTypeOf(world.cart([2, 2], { spare: true, periodic: true })).resolves.toEqualTypeOf<CartCommunicator | null>();
expectTypeOf(world.graph([1])).resolves.toEqualTypeOf<GraphCommunicator>();

declare const grid: CartCommunicator;
expectTypeOf(grid).toExtend<Communicator>();
expectTypeOf(grid.dup()).resolves.toEqualTypeOf<CartCommunicator>();
expectTypeOf(grid.sub([true])).resolves.toEqualTypeOf<CartCommunicator>();
expectTypeOf(grid.rankOf([0, 1])).toEqualTypeOf<number | null>();
expectTypeOf(grid.neighborAllgather("a")).resolves.toEqualTypeOf<(string | undefined)[]>();
const { source, dest } = grid.shift({ dimension: 0 });
expectTypeOf(grid.sendrecv<string>("border", { source, dest })).resolves.toEqualTypeOf<string | undefined>();
expectTypeOf(world.recv<string>({ source })).resolves.toEqualTypeOf<string | undefined>();

declare const graph: GraphCommunicator;
expectTypeOf(graph.neighborAllgather("a")).resolves.toEqualTypeOf<string[]>();
expectTypeOf(graph.neighborAlltoall([doubles], { into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(grid.neighborAllgather(doubles, { into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(world.scan(1, sum, { deterministic: true })).resolves.toEqualTypeOf<number>();
expectTypeOf(world.abort({ code: 2, reason: "no data" })).resolves.toBeNever();
const square = (n: number): number => n * n;
expectTypeOf(world.pool({ square }, (workers) => workers.map("square", [1, 2]))).resolves.toEqualTypeOf<
  number[] | undefined
>();
declare const anything: unknown;
if (anything instanceof CartCommunicator) expectTypeOf(anything.dims).toEqualTypeOf<readonly number[]>();

declare const inter: Intercommunicator;
expectTypeOf(inter.bcast("a", { root: "here" })).resolves.toEqualTypeOf<string | undefined>();
expectTypeOf(inter.allgather(1)).resolves.toEqualTypeOf<number[]>();
expectTypeOf(inter.bcast(doubles, { root: 0, into: doubles })).resolves.toEqualTypeOf<Float64Array | undefined>();
expectTypeOf(inter.gather(doubles, { root: 0, into: doubles })).resolves.toEqualTypeOf<Float64Array | undefined>();
expectTypeOf(inter.allgather(doubles, { into: doubles })).resolves.toEqualTypeOf<Float64Array>();
expectTypeOf(inter.reduceScatter([1, 2], sum)).resolves.toEqualTypeOf<number>();
expectTypeOf(inter.merge({ high: true })).resolves.toEqualTypeOf<Communicator>();

// @ts-expect-error code and reason are named
world.abort(2, "no data");
// @ts-expect-error dimension and distance are named
grid.shift(0, 1);
// @ts-expect-error two groups have no common order of ranks
inter.scan(1, sum);
// @ts-expect-error communicators are made by init(), split() and the like
new Communicator();
// @ts-expect-error a colour is a number, a string or null
world.split(true);
// @ts-expect-error the world is no grid
world.coords();
// @ts-expect-error between groups the root is always said
inter.bcast("a");
// @ts-expect-error an intercommunicator cannot be split
inter.split(0);

expectTypeOf(local(2, (comm) => comm.rank)).resolves.toEqualTypeOf<number[]>();
expectTypeOf(local(2, async () => "a", { seed: 1 })).resolves.toEqualTypeOf<string[]>();

// The table of options has the names that the types have

type Names<C extends keyof typeof optionNames> = (typeof optionNames)[C][number];
expectTypeOf<Names<"send">>().toEqualTypeOf<keyof SendOptions>();
expectTypeOf<Names<"recv">>().toEqualTypeOf<Exclude<keyof RecvIntoOptions<Float64Array>, "bytes">>();
expectTypeOf<Names<"recvMessage">>().toEqualTypeOf<Exclude<keyof RecvIntoOptions<Float64Array>, "bytes">>();
expectTypeOf<Names<"probe">>().toEqualTypeOf<keyof ProbeOptions>();
expectTypeOf<Names<"iprobe">>().toEqualTypeOf<keyof MessageFilter>();
expectTypeOf<Names<"sendrecv">>().toEqualTypeOf<keyof (SendrecvOptions & IntoOptions<Float64Array>)>();
expectTypeOf<Names<"barrier">>().toEqualTypeOf<keyof CallOptions>();
expectTypeOf<Names<"bcast" | "scatter" | "gather">>().toEqualTypeOf<keyof (RootOptions & IntoOptions<Float64Array>)>();
expectTypeOf<
  Names<"allgather" | "alltoall" | "neighborAllgather" | "interAllgather" | "reduceScatter">
>().toEqualTypeOf<keyof (CallOptions & IntoOptions<Float64Array>)>();
expectTypeOf<Names<"reduce">>().toEqualTypeOf<keyof (RootOptions & ReduceOptions<Float64Array>)>();
expectTypeOf<Names<"allreduce" | "scan" | "exscan" | "interAllreduce">>().toEqualTypeOf<
  keyof ReduceOptions<Float64Array>
>();
expectTypeOf<Names<"split">>().toEqualTypeOf<keyof SplitOptions>();
expectTypeOf<Names<"graph">>().toEqualTypeOf<keyof GraphOptions>();
expectTypeOf<Names<"cart">>().toEqualTypeOf<keyof CartOptions>();
expectTypeOf<Names<"intercomm">>().toEqualTypeOf<keyof IntercommOptions>();
expectTypeOf<Names<"interBcast">>().toEqualTypeOf<keyof (InterRootOptions & IntoOptions<Float64Array>)>();
expectTypeOf<Names<"interReduce">>().toEqualTypeOf<keyof (InterRootOptions & ReduceOptions<Float64Array>)>();
expectTypeOf<Names<"merge">>().toEqualTypeOf<keyof MergeOptions>();
expectTypeOf<Names<"shift">>().toEqualTypeOf<keyof ShiftOptions>();
expectTypeOf<Names<"abort">>().toEqualTypeOf<keyof AbortOptions>();
expectTypeOf<Names<"map">>().toEqualTypeOf<keyof (MapOptions & IntoOptions<Float64Array>)>();
expectTypeOf<Names<"imap" | "imapUnordered">>().toEqualTypeOf<keyof WorldImapOptions>();
expectTypeOf<Names<"pool">>().toEqualTypeOf<keyof PoolOptions>();

// Own classes

declare class Vector {
  constructor(x: number, y: number);
  readonly x: number;
  readonly y: number;
}
registerClass(Vector, { write: (v) => [v.x, v.y], read: ([x, y]) => new Vector(x, y) });
registerClass(Vector, { write: ({ x, y }) => ({ x, y }), read: ({ x, y }) => new Vector(x, y) });
// @ts-expect-error read makes an instance
registerClass(Vector, { write: (v) => v.x, read: (x) => x });
// @ts-expect-error both directions are needed
registerClass(Vector, { write: (v) => v.x });
