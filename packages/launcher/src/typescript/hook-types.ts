// The part of Node's contract that we use. `registerHooks` calls hooks in place, where `next` gives the value. Older Node
// calls them on a thread of theirs, where it gives a promise. So what `next` gives is only ever handed on.
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
