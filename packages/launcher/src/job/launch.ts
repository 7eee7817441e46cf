import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { Agent } from "../agent/agent.ts";
import type { RunOptions } from "../command/options.ts";
import { cpusOfLine } from "../hosts/pbs/environment.ts";
import { askWhereUnclear, grantsFor, type Tenant } from "../hosts/pbs/grants.ts";
import type { Placement } from "../hosts/placement.ts";
import { starterFor } from "../hosts/starters.ts";
import { inProcess } from "../link/channel.ts";
import { curveKeys } from "../link/curve-keys.ts";
import type { HostPlan, Order, Report } from "../link/messages.ts";
import { RollCall } from "../reports/launch-stages.ts";
import type { Station } from "./job.ts";
import type { Outpost, Remote } from "./remote-agents.ts";

/** The agents of a job, ready to be given orders. */
export interface Launch {
  stations: Station[];
  roll: RollCall;
  /** Resolves when nothing is left to be done on hosts that were lost. */
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
  const outposts = placement.nodes.flatMap(({ host }, node): Outpost[] => {
    const starter = starterFor(host, options.starter);
    if (starter.command(host, []) !== undefined) return [{ node, host, starter }];
    log(`agent on ${host.name}: ${starter.name}`);
    roll.reach(node, "authenticated");
    return [];
  });
  const tenants = (cpusOf: (node: number) => number | undefined): Tenant[] =>
    placement.nodes.map((each, node) => ({ ...each, cpusOfLine: cpusOf(node) }));
  const cpusHere = (node: number): number | undefined => (remoteNode(outposts, node) ? undefined : cpusOfLine());
  void askWhereUnclear(tenants(cpusHere)); // while agents start
  const [first] = plans;
  const here = placement.nodes.find(({ host }) => host.here)?.host.name ?? hostname();
  const remote =
    outposts.length === 0 || first === undefined
      ? undefined
      : await connect(first.job, here, outposts, hosts, options, roll, log);
  const grants = await grantsFor(tenants((node) => remote?.guest(node)?.hello.cpusOfLine ?? cpusHere(node)));
  const protection = options.encrypt ? { keys: curveKeys() } : { sealKey: randomBytes(32).toString("base64") };
  const stations = plans.map((shared, node): Station => {
    const granted = grants[node];
    const plan = { ...shared, ...(granted === undefined ? {} : { granted }) };
    const addresses = (remoteNode(outposts, node) ? remote?.guest(node).hello.addresses : remote?.addresses) ?? [];
    const network =
      plan.nodes > 1 ? { network: { addresses, ...(options.ports && { ports: options.ports }), ...protection } } : {};
    if (!remoteNode(outposts, node)) {
      const { shell: _, ...rest } = plan;
      return { channel: agentHere(), plan: { ...rest, ...network }, lost: () => {} };
    }
    return { channel: remote!.guest(node).link, plan: { ...plan, ...network }, lost: () => remote!.sweep(node) };
  });
  return { stations, roll, settled: async () => remote?.settled() };
}

async function connect(
  job: string,
  here: string,
  outposts: Outpost[],
  hosts: string[],
  options: RunOptions,
  roll: RollCall,
  log: (text: string) => void,
): Promise<Remote> {
  // Loaded here: a job on one host needs no network, and TLS costs some milliseconds.
  const { Remote } = await import("./remote-agents.ts");
  const { interface: only, ports, launchTimeoutMs: deadlineMs } = options;
  return Remote.start({ job, outposts, hosts, here, only, ports, deadlineMs, roll, log });
}

function remoteNode(outposts: readonly Outpost[], node: number): boolean {
  return outposts.some((each) => each.node === node);
}

function agentHere(): Station["channel"] {
  const [ours, agents] = inProcess<Order, Report>();
  new Agent(agents);
  return ours;
}
