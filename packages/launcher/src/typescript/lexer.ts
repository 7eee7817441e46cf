import * as webAssembly from "es-module-lexer";
import { addressesAreFew } from "../system/resource-limits.ts";

export type { Export, Import } from "es-module-lexer";

let lexer: Pick<typeof webAssembly, "parse"> = webAssembly;
let prepared: Promise<void> | undefined;

/** `NODE_OPTIONS=--jitless` removes it. */
const hasWebAssembly = "WebAssembly" in globalThis;

/**
 * Chooses the lexer. V8 reserves more than 10 GB of addresses for a WebAssembly module, and `ulimit -v` (`pvmem` and `vmem` of
 * PBS) seldom leaves that. Then the same lexer in plain JavaScript is used: its first file takes 200 ms instead of 8.
 */
export function prepareLexer(): Promise<void> {
  prepared ??= choose();
  return prepared;
}

async function choose(): Promise<void> {
  // A try would harm: if 10 GB are not free, V8 takes most of what is left, and Node's threads have no room for their stacks.
  if (!hasWebAssembly || addressesAreFew()) lexer = await import("es-module-lexer/js");
}

/** Imports and exports of a module. {@link prepareLexer} must have settled. */
export function parse(source: string): ReturnType<typeof webAssembly.parse> {
  return lexer.parse(source);
}
