import type { SpawnWish } from "@tsmpi/core/bootstrap";
import type { RunOptions } from "../command/options.ts";
import { LaunchError } from "../errors/launch-error.ts";
import type { Allocation } from "../hosts/host.ts";
import type { Placement } from "../hosts/placement.ts";
import type { RankProgram } from "../link/messages.ts";
import { nodeSettings, prepare } from "../typescript/index.ts";
import type { Slots } from "./room.ts";
import type { SpawningOptions } from "./spawning.ts";

/** What `spawn` needs of the command line. */
export function spawnOptions(
  options: RunOptions,
  allocation: Allocation,
  placement: Placement,
): Pick<SpawningOptions, "prepare" | "limitMs"> & { slots: Slots } {
  const hosts = placement.nodes.map(({ host }) => host);
  return {
    limitMs: options.launchTimeoutMs,
    slots: {
      ofHost: hosts.map(({ slots }) => options.ranksPerHost ?? slots),
      most: hosts.map(({ most = Number.POSITIVE_INFINITY }) => most),
      granted: allocation.granted,
      mapBy: options.mapBy,
    },
    prepare: (wish, parent) => prepareSpawned(options, wish, parent),
  };
}

/** The new ranks get Node's options and the variables of the program whose rank has spawned them. */
async function prepareSpawned(
  { isCommand }: RunOptions,
  { script, args, environment, directory }: SpawnWish,
  { nodeOptions, given: before }: RankProgram,
): Promise<Omit<RankProgram, "firstRank">> {
  if (isCommand) throw new LaunchError("tsmpi exec starts programs that are not its own: spawn() needs tsmpi run");
  const given = { ...before, ...environment };
  const settings = nodeSettings(nodeOptions, { ...process.env, ...given }["NODE_OPTIONS"]);
  const { program } = await prepare(script, settings);
  return { program, args, nodeOptions, given, directory };
}
