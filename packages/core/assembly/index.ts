/**
 * The part of tsmpi that is WebAssembly: fast from its first call, where V8 would interpret JavaScript for some hundred
 * calls. Written in AssemblyScript, which is TypeScript with the types of WebAssembly. `src/wasm` loads it.
 * It has no state of its own: its callers, `src/ops/wasm-loop.ts` and `src/transports/shared-memory/`, have the pictures of
 * their memories.
 */
export { accumulate } from "./accumulate";
export { combine } from "./combine";
export { awaitMessage } from "./message";
export { agree, awaitPosts } from "./posts";
export { watch } from "./watch";
