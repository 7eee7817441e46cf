import { findTool } from "../tools.ts";

/** The absolute path of one of Slurm's own commands: what the user's PATH offers, else where Slurm usually is. */
export function slurmTool(name: string, purpose: string): string {
  return findTool(name, { places: ["/usr/bin", "/usr/local/bin", "/opt/slurm/bin"], scheduler: "Slurm", purpose });
}
