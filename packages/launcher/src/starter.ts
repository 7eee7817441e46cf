import type { Channel, Order, Report } from "./control.ts";
import type { Host } from "./host.ts";

/**
 * Starts agents on hosts.
 *
 * | call | contract |
 * | --- | --- |
 * | `serves` | whether it can start an agent on this host |
 * | `start` | resolves when the agent can be talked to; rejects with a `LaunchError` that names the host |
 * | `preview` | the command that `start` would run, for `--dry-run`; undefined when it needs none |
 */
export interface Starter {
  readonly name: string;
  serves(host: Host): boolean;
  start(host: Host): Promise<Channel<Order, Report>>;
  preview(host: Host): string[] | undefined;
}
