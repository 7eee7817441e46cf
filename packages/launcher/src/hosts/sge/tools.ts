import { join } from "node:path";
import { findTool } from "../tools.ts";

/** The absolute path of one of SGE's own commands: what the user's PATH offers, else where SGE says it is installed. */
export function sgeTool(name: string, purpose: string): string {
  const { SGE_ROOT: root, SGE_ARCH: architecture, ARC: arc } = process.env;
  const places = [architecture, arc].flatMap((each) => (root && each ? [join(root, "bin", each)] : []));
  return findTool(name, { places, scheduler: "SGE", purpose });
}
