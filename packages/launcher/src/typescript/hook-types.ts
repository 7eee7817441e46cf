// The part of Node's contract that tsmpi uses. `registerHooks` calls hooks in place, and `next` returns the value. Older Node
// calls them on a thread, and `next` returns a promise. So hooks only pass on what `next` returns.
export interface ResolveContext {
  readonly parentURL?: string | undefined;
  readonly conditions?: readonly string[];
  readonly importAttributes?: Readonly<Record<string, string | undefined>>;
}
export interface LoadContext {
  readonly format?: string | null | undefined;
  readonly conditions?: readonly string[];
  readonly importAttributes?: Readonly<Record<string, string | undefined>>;
}
export type Resolved = { url: string; shortCircuit: true; importAttributes?: Record<string, string | undefined> };
export type Loaded = { format: "module" | "commonjs"; source: string; shortCircuit: true };
export type Next<Context, Result> = (name: string, context: Context) => Result;
