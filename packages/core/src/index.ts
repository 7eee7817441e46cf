export { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./calls/errors.ts";
export type * from "./calls/options.ts";
export type { TypedArray } from "./calls/typed-array.ts";
export { dims } from "./communicators/cartesian.ts";
export type { AtRoot } from "./communicators/collective.ts";
export {
  CartCommunicator,
  Communicator,
  GraphCommunicator,
  type IntercommOptions,
  Intercommunicator,
} from "./communicators/communicator.ts";
export { Group } from "./communicators/group.ts";
export { type PoolOptions, pool } from "./communicators/pool.ts";
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
} from "./ops/op.ts";
export { chunks } from "./tasks/chunks.ts";
export type { TaskArguments, TaskInput, TaskResult, Tasks, Workers } from "./tasks/pool-workers.ts";
export { type Range, range } from "./tasks/range.ts";
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
export { type ClassCodec, registerClass } from "./wire/codec/registered-classes.ts";
export type { Progress } from "./wire/progress.ts";
export { init } from "./worlds/init.ts";
