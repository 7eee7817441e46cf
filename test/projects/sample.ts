/** A user's project, and what a script of it prints under `node`, `tsx` and `tsmpi run`. */
export interface Sample {
  readonly files: Readonly<Record<string, string>>;
  /** `main.ts` where nothing else is said. */
  readonly script?: string;
  readonly args?: readonly string[];
  /** Symbolic links: where they are, and where they lead. */
  readonly links?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly nodeOptions?: string;
  readonly out: string;
  /** A part of what it writes to stderr. */
  readonly says?: RegExp;
  readonly code?: number;
  /** Which Node runs it as it is: each, none, those that strip types, or those with `registerHooks`. */
  readonly node?: "each" | "none" | "types" | "hooks";
}

/** Modules whose state shows whether two imports reach the same copy. */
export const state = {
  "state.js": `export const state = []; export class Thing {}`,
  "package.json": `{ "type": "module" }`,
};
export const stateTs = {
  "state.ts": `export const state: string[] = []; export class Thing {}`,
  "package.json": `{ "type": "module" }`,
};
