import { LaunchError, usageError } from "../errors/launch-error.ts";
import type { Host } from "./host.ts";
import { inThisProcess } from "./local/starter.ts";
import type { Placement } from "./placement.ts";
import { schedulers } from "./schedulers.ts";
import { ssh } from "./ssh/starter.ts";
import type { CommandStarter, CommandThere, StartCommand, Starter, Target } from "./starter.ts";

/** In the order of preference. The last one serves any host. */
const starters: readonly Starter[] = [inThisProcess, ...schedulers.map(({ starter }) => starter), ssh];

/** The first starter that can start an agent on this host, or the one with this name. */
function starterFor(host: Host, name?: string): Starter {
  const candidates = starters.filter((each) => name === undefined || each.name === name);
  if (candidates.length === 0) {
    throw usageError(`--starter ${name}: there are ${starters.map((each) => each.name).join(" and ")}`);
  }
  const starter = candidates.find((each) => each.serves(host));
  if (starter !== undefined) return starter;
  throw new LaunchError(`${name} cannot start processes on ${host.name}`);
}

/** A host whose agent is a process of its own. */
export interface RemoteHost extends Target {
  starter: CommandStarter;
}

/** The hosts whose agents are processes of their own. `inProcess` hears of the others, with the name of their starter. */
export function remoteHosts(
  { nodes }: Placement,
  name: string | undefined,
  inProcess: (node: number, starter: string) => void = () => {},
): RemoteHost[] {
  return nodes.flatMap(({ host }, node): RemoteHost[] => {
    const starter = starterFor(host, name);
    if (starter.kind === "command") return [{ node, host, starter }];
    inProcess(node, starter.name);
    return [];
  });
}

/**
 * The commands that run `there` once on each of these hosts, each with its starter, which knows what its end means. `key`
 * is for agents whose starter brings it to them.
 */
export function startCommands(
  remotes: readonly RemoteHost[],
  there: CommandThere,
  key?: Uint8Array,
): { starter: CommandStarter; command: StartCommand }[] {
  return [...new Set(remotes.map(({ starter }) => starter))].flatMap((starter) => {
    const targets = remotes.filter((remote) => remote.starter === starter);
    return starter.commands(targets, there, key).map((command) => ({ starter, command }));
  });
}
