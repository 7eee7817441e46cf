/**
 * The part of tsmpi that is WebAssembly: fast from its first call, where V8 would interpret JavaScript for some hundred
 * calls. Written in AssemblyScript, which is TypeScript with the types of WebAssembly. `src/wasm` loads it and says what lies
 * where in its memory. It has no state of its own.
 */
export { combine } from "./combine";
export { watch } from "./watch";
