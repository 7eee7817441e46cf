/** How a task ended. */
export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

export function failed(error: unknown): Outcome {
  return { ok: false, error };
}

/** Whether a value travels as it is, in one encoding with others, and nobody can change it. */
export function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");
}
