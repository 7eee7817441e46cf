export { prepare } from "./prepare.ts";
export { type Command, command, materialise, type Program } from "./program.ts";
export { ScriptError } from "./script-error.ts";
