import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LaunchError } from "../../errors/launch-error.ts";
import { isExecutable } from "../../system/executables.ts";

/** The absolute path of one of PBS's own commands: what the user's PATH offers, else where PBS says it is installed. */
export function pbsTool(name: string, purpose = "it starts the agents"): string {
  const places = [
    ...(process.env["PATH"] ?? "").split(":"),
    ...[process.env["PBS_EXEC"], pbsSetting("PBS_EXEC")].flatMap((root) => (root ? [join(root, "bin")] : [])),
    "/opt/pbs/bin",
    "/usr/local/bin",
  ].filter((place) => place.startsWith("/"));
  const found = places.map((place) => join(place, name)).find(isExecutable);
  if (found !== undefined) return found;
  throw new LaunchError(`${name} was not found, neither in PATH nor where PBS is usually installed; ${purpose}`);
}

/** A setting of PBS's installation on this host. */
export function pbsSetting(name: "PBS_EXEC" | "PBS_HOME"): string | undefined {
  try {
    return new RegExp(`^\\s*${name}=(\\S+)`, "m").exec(readFileSync("/etc/pbs.conf", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
