import { strict as assert } from "node:assert";
import { type Communicator, MpiError, type TaskContext } from "tsmpi";

export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const double = (x: number): number => 2 * x;
export const doubled = (n: number): number[] => upTo(n).map(double);
export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A task that ends when it is cancelled and not before. */
export const untilCancelled = (_: unknown, { signal }: TaskContext): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** What went wrong, at rank 0 alone: the others have failed with `aborted`. */
export async function failure(world: Communicator, call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const error = await call.then(
    () => assert.fail("it did not fail"),
    (thrown: unknown) => thrown as Error,
  );
  if (world.rank !== 0) assert.ok(error instanceof MpiError, String(error));
  return error as Error & Record<string, unknown>;
}
