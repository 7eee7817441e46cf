import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "../tools.ts";

/** The absolute path of one of PBS's own commands: what the user's PATH offers, else where PBS says it is installed. */
export function pbsTool(name: string, purpose = "it starts the agents"): string {
  const roots = [process.env["PBS_EXEC"], pbsSetting("PBS_EXEC")].flatMap((root) => (root ? [join(root, "bin")] : []));
  return findTool(name, { places: [...roots, "/opt/pbs/bin", "/usr/local/bin"], scheduler: "PBS", purpose });
}

/** A setting of PBS's installation on this host. */
export function pbsSetting(name: "PBS_EXEC" | "PBS_HOME"): string | undefined {
  try {
    return new RegExp(`^\\s*${name}=(\\S+)`, "m").exec(readFileSync("/etc/pbs.conf", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
