import { clearTimeout, setTimeout } from "./event-loop.ts";
/** The promise's value, or undefined when there is none within this time, which may be infinite. The timer is gone then. */
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
