import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { Agent } from "../agent/agent.ts";
import type { RunOptions } from "../command/options.ts";
import { grantsFor, prepareGrants } from "../hosts/grants.ts";
import type { Placement } from "../hosts/placement.ts";
import type { OccupiedHost } from "../hosts/scheduler.ts";
import { type RemoteHost, remoteHosts } from "../hosts/starters.ts";
import { cpusOfSlot } from "../hosts/task.ts";
import { inProcess } from "../link/channel.ts";
import { curveKeys } from "../link/curve-keys.ts";
import type { HostPlan, Order, Report } from "../link/messages.ts";
import { RollCall } from "../reports/launch-stages.ts";
import type { RemoteAgents } from "./remote-agents.ts";
import type { Station } from "./stations.ts";

/** The agents of a job, ready to be given orders. */
export interface Launch {
  stations: Station[];
  roll: RollCall;
  /** Resolves when hosts that were lost have been cleaned up, as far as they can be reached. */
  settled(): Promise<void>;
}

/** Starts an agent for each host and gives each its plan. */
export async function launch(
  options: RunOptions,
  placement: Placement,
  plans: readonly HostPlan[],
  log: (text: string) => void,
): Promise<Launch> {
  const hosts = placement.nodes.map(({ host }) => host.name);
  const roll = new RollCall(hosts);
  const remotes = remoteHosts(placement, options.starter, (node, starter) => {
    log(`agent on ${hosts[node]}: ${starter}`);
    roll.reach(node, "authenticated");
  });
  const remoteNodes = new Set(remotes.map(({ node }) => node));
  const isRemote = (node: number): boolean => remoteNodes.has(node);
  const occupied = (cpusOf: (node: number) => number | undefined): OccupiedHost[] =>
    placement.nodes.map((each, node) => ({ ...each, cpusOfSlot: cpusOf(node) }));
  const cpusHere = (node: number): number | undefined => (isRemote(node) ? undefined : cpusOfSlot());
  prepareGrants(occupied(cpusHere)); // while agents start
  const [first] = plans;
  const here = placement.nodes.find(({ host }) => host.here)?.host.name ?? hostname();
  const agents =
    remotes.length === 0 || first === undefined
      ? undefined
      : await connect(first.job, here, remotes, hosts, options, roll, log);
  const grants = await grantsFor(occupied((node) => agents?.agent(node)?.hello.cpusOfSlot ?? cpusHere(node)));
  const protection = options.encrypt ? { keys: curveKeys() } : { sealKey: randomBytes(32).toString("base64") };
  const stations = plans.map((shared, node): Station => {
    const granted = grants[node];
    const plan = { ...shared, ...(granted === undefined ? {} : { granted }) };
    const addresses = (isRemote(node) ? agents?.agent(node).hello.addresses : agents?.addresses) ?? [];
    const network =
      plan.nodes > 1 ? { network: { addresses, ...(options.ports && { ports: options.ports }), ...protection } } : {};
    if (!isRemote(node)) {
      const { shell: _, ...rest } = plan;
      return { channel: agentHere(), plan: { ...rest, ...network }, lost: () => {} };
    }
    return { channel: agents!.agent(node).link, plan: { ...plan, ...network }, lost: () => agents!.sweep(node) };
  });
  return { stations, roll, settled: async () => agents?.settled() };
}

async function connect(
  job: string,
  here: string,
  remotes: RemoteHost[],
  hosts: string[],
  options: RunOptions,
  roll: RollCall,
  log: (text: string) => void,
): Promise<RemoteAgents> {
  // Loaded here: a job on one host needs no network, and TLS costs some milliseconds.
  const { RemoteAgents } = await import("./remote-agents.ts");
  const { interface: only, ports, launchTimeoutMs: deadlineMs, node } = options;
  return RemoteAgents.start({ job, remotes, hosts, here, only, ports, deadlineMs, node, roll, log });
}

function agentHere(): Station["channel"] {
  const [ours, agents] = inProcess<Order, Report>();
  new Agent(agents);
  return ours;
}
