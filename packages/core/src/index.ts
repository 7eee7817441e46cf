export { MpiError, type MpiErrorCode, type MpiErrorDetails } from "./calls/errors.ts";
export type * from "./calls/options.ts";
export type { InstanceCheck } from "./calls/package-copies.ts";
export { type ArrayOrBlock, Block, block } from "./calls/regions/block.ts";
export { type GridArray, type GridArrayOptions, grid, type Side } from "./calls/regions/grid.ts";
export type { Region } from "./calls/regions/layout.ts";
export type { HalfArray, IntegerArray, TypedArray } from "./calls/typed-array.ts";
export { type Distributed, type DistributedPlace, distributed } from "./checkpoints/distributed.ts";
export type {
  Checkpoint,
  CheckpointPart,
  CheckpointParts,
  CheckpointStore,
  CheckpointsOptions,
  DistributedArrays,
  LoadOptions,
} from "./checkpoints/face.ts";
export type { CollectiveCalls } from "./communicators/api/collectives.ts";
export {
  CartCommunicator,
  Communicator,
  GraphCommunicator,
  type IntercommOptions,
  Intercommunicator,
} from "./communicators/api/communicator.ts";
export { Group } from "./communicators/api/group.ts";
export type { InterCollectiveCalls } from "./communicators/api/inter-collectives.ts";
export type { NoSource, PointToPointCalls, SourceRank } from "./communicators/api/point-to-point.ts";
export type { RecoveryCalls } from "./communicators/api/recovery.ts";
export type { ReductionCalls } from "./communicators/api/reductions.ts";
export type { PoolOptions, TaskCalls } from "./communicators/api/tasks.ts";
export type { WindowCalls } from "./communicators/api/windows.ts";
export { dims } from "./communicators/cartesian.ts";
export {
  type NpyHeader,
  type ReadNpyOptions,
  readNpy,
  readNpyHeader,
  type WriteNpyOptions,
  writeNpy,
} from "./communicators/npy.ts";
export { pool } from "./communicators/pool.ts";
export type {
  ArrayClass,
  FileData,
  FilePlaceOptions,
  OpenFileOptions,
  ParallelFile,
  ReadIntoOptions,
  ReadNewOptions,
} from "./files/parallel-file.ts";
export {
  band,
  bor,
  bxor,
  type CombineFunction,
  createOp,
  type ElementOf,
  type Integral,
  type Located,
  type Logical,
  land,
  lor,
  lxor,
  max,
  maxloc,
  min,
  minloc,
  type Numeric,
  noOp,
  type Op,
  prod,
  type Reducer,
  replace,
  sum,
} from "./ops/op.ts";
export { chunks } from "./tasks/chunks.ts";
export type { PoolTasks, PoolWorkers, TaskArguments, TaskInput, TaskResult } from "./tasks/pool-workers.ts";
export { type Range, range } from "./tasks/range.ts";
export type {
  AnyTask,
  ConcurrencyOptions,
  ImapOptions,
  InitializerContext,
  InitializerOptions,
  JournalOptions,
  MapInputs,
  MapOptions,
  PoolMapOptions,
  RetryOptions,
  RootMapInputs,
  SettledOptions,
  TaskContext,
  TaskFunction,
  TaskOptions,
  WorldImapOptions,
} from "./tasks/task.ts";
export {
  type Counter,
  type CounterOptions,
  type ElementOptions,
  type FlushOptions,
  type GetIntoOptions,
  type GetOptions,
  type HeldLock,
  type LockOptions,
  type Mutex,
  type SharedArray,
  type Swap,
  type TargetOptions,
  Window,
  type WindowElement,
  type WindowOp,
} from "./windows/face.ts";
export type { ArrayKind } from "./windows/part.ts";
export { type ClassCodec, registerClass } from "./wire/codec/registered-classes.ts";
export type { Progress, RunningTask } from "./wire/progress.ts";
export { init } from "./worlds/init.ts";
