import { clearTimeout, setTimeout } from "./event-loop.ts";
/** Resolves with the promise, or with undefined after `limitMs`, which may be infinite. Leaves no timer behind. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  if (limitMs === Number.POSITIVE_INFINITY) return promise;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, limitMs, undefined);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
