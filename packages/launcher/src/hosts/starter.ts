import type { Host } from "./host.ts";

/**
 * Starts agents on hosts: says which command on this host runs a command on another. That is all that starters differ
 * in; an agent connects back to its launcher, whoever started it.
 *
 * | call | contract |
 * | --- | --- |
 * | `serves` | whether it can start something on this host |
 * | `command` | what to run here so that `there` runs on the host; undefined when the agent needs no process of its own |
 */
export interface Starter {
  readonly name: string;
  serves(host: Host): boolean;
  command(host: Host, there: readonly string[]): string[] | undefined;
}
