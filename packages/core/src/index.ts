export { chunks } from "./chunks.ts";
export { type ClassCodec, registerClass } from "./codec/registered.ts";
export type { AtRoot } from "./collective.ts";
export {
  CartCommunicator,
  Communicator,
  GraphCommunicator,
  type IntercommOptions,
  Intercommunicator,
} from "./communicator.ts";
export { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./errors.ts";
export { dims } from "./grid.ts";
export { Group } from "./group.ts";
export { init } from "./init.ts";
export {
  band,
  bor,
  bxor,
  createOp,
  type ElementOf,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  type Op,
  prod,
  type Reducer,
  sum,
  type TypedArray,
} from "./op.ts";
export type * from "./options.ts";
export { type PoolOptions, pool } from "./pool.ts";
export type { Progress } from "./progress.ts";
export { type Range, range } from "./range.ts";
export type {
  CrewOptions,
  InitializerContext,
  Inputs,
  InputsAtRoot,
  JournalOptions,
  ManyOptions,
  MapOptions,
  Task,
  TaskContext,
  TaskOptions,
  WorldMapOptions,
} from "./tasks/task.ts";
export type { TaskArguments, TaskInput, TaskResult, Tasks, Workers } from "./tasks/workers.ts";
