/** How a task ended. */
export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

export function failed(error: unknown): Outcome {
  return { ok: false, error };
}
