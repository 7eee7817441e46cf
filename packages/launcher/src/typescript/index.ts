export { nodeSettings } from "./node-settings.ts";
export { type Prepared, prepare, type Source } from "./prepare.ts";
export { command, materialise, type Program } from "./program.ts";
export { ScriptError } from "./script-error.ts";
