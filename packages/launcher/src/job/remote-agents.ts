import type { PortRange } from "@tsmpi/core/bootstrap";
import { exitCodes } from "../errors/exit-codes.ts";
import { LaunchError, usageError } from "../errors/launch-error.ts";
import { agentCommand } from "../hosts/agent-command.ts";
import type { NodeTable } from "../hosts/starter.ts";
import { type RemoteHost, startCommands } from "../hosts/starters.ts";
import { describeMissingKey, keySources } from "../hosts/task.ts";
import { isLoopback, usableAddresses } from "../link/addresses.ts";
import { JobKeys } from "../link/keys.ts";
import { AgentListener, type ConnectedAgent } from "../link/listener.ts";
import type { Hello } from "../link/messages.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { agentMark, Guardian } from "../system/guardian.ts";
import { isAnotherHost } from "../system/this-host.ts";
import { version } from "../system/version.ts";
import { type AgentStart, AgentStarts } from "./agent-starts.ts";
import { diagnose, missingAgents } from "./missing-agents.ts";
import { StartCommands } from "./start-commands.ts";

export interface RemoteOptions {
  job: string;
  remotes: readonly RemoteHost[];
  /** The names of all hosts of the job. */
  hosts: string[];
  /** `--interface`. */
  only: string | undefined;
  /** `--port-range`. */
  ports: PortRange | undefined;
  deadlineMs: number;
  /** `--node`. */
  node: string | undefined;
  /** The name of the launcher's own host. */
  here: string;
  roll: RollCall;
  log(text: string): void;
}

/** How long a command that ends what is left on a lost host may take. */
const sweepMs = 2000;

/** When its last agent has ended, a command such as srun has to tell its scheduler. A busy one may take longer. */
const lastStepMs = 3000;

/** Silent, because a scheduler may show the user what a task prints: that nothing is left to be killed is no news. */
const quietKill = 'kill -s KILL -- "-$1" 2> /dev/null';

/** The agents of other hosts: starts them, lets them in, and cleans up after those that are lost. */
export class RemoteAgents {
  readonly #options: RemoteOptions;
  readonly #keys: JobKeys;
  /** Removes the keys when the launcher is killed before all agents are here. */
  readonly #guardian: Guardian;
  readonly #agents = new Map<number, ConnectedAgent>();
  readonly #commands = new StartCommands();
  readonly #sweeps: Promise<void>[] = [];
  #starts: AgentStarts | undefined;

  private constructor(options: RemoteOptions) {
    this.#options = options;
    this.#keys = new JobKeys(options.job, keySources());
    this.#guardian = new Guardian({
      mark: agentMark({ job: options.job, node: "launcher" }),
      directories: this.#keys.directories,
    });
    this.#keys.deposit();
    process.once("exit", this.#leave);
  }

  readonly #leave = (): void => {
    this.#removeKeys();
    this.#commands.end();
  };

  /**
   * Starts all agents and resolves when all of them are here.
   *
   * @throws LaunchError with a table of hosts when one does not come in time.
   */
  static async start(options: RemoteOptions): Promise<RemoteAgents> {
    const agents = new RemoteAgents(options);
    const { interrupted, terminated } = exitCodes;
    const codes = { SIGINT: interrupted, SIGTERM: terminated, SIGHUP: terminated };
    const leave = (signal: NodeJS.Signals): void => process.exit(codes[signal as keyof typeof codes]);
    for (const signal of Object.keys(codes)) process.once(signal, leave);
    try {
      await agents.#start();
    } catch (error) {
      agents.#giveUp();
      throw error;
    } finally {
      for (const signal of Object.keys(codes)) process.off(signal, leave);
    }
    return agents;
  }

  agent(node: number): ConnectedAgent {
    return this.#agents.get(node)!;
  }

  /** The launcher's addresses that agents connected to: ranks of the launcher's own host are reached there too. */
  get addresses(): string[] {
    return [...new Set([...this.#agents.values()].map(({ at }) => at))];
  }

  /** A host is lost: kills what may still run there, where its starter still gets through. */
  sweep(node: number): void {
    const remote = this.#options.remotes.find((each) => each.node === node);
    const agent = this.#agents.get(node);
    if (remote === undefined || agent === undefined) return;
    const kill = ["/bin/sh", "-c", quietKill, "sh", String(agent.hello.group)];
    for (const command of remote.starter.commands([remote], () => kill)) {
      const running = this.#commands.run(command, remote.starter.endSignal);
      const timer = setTimeout(() => running.kill("SIGKILL"), sweepMs);
      const over = running.ended.catch(() => {}).finally(() => clearTimeout(timer));
      this.#sweeps.push(over as Promise<void>);
    }
  }

  /** Resolves when every sweep is over, and every command that lives as long as its agents has ended with them. */
  async settled(): Promise<void> {
    await Promise.all(this.#sweeps);
    await this.#commands.ended(lastStepMs);
    this.#leave();
    process.off("exit", this.#leave);
  }

  /** Not all agents came: those that did end with their connection. */
  #giveUp(): void {
    for (const { link } of this.#agents.values()) void link.close();
    this.#leave();
    process.off("exit", this.#leave);
  }

  async #start(): Promise<void> {
    const { remotes, only, ports, deadlineMs, node, roll, log } = this.#options;
    const needsKey = remotes.some(({ starter }) => !starter.bringsKey);
    if (needsKey && !this.#keys.canBeFound)
      throw new LaunchError(`no place for the job's key: ${describeMissingKey().noPlace}`);
    if (only !== undefined && usableAddresses(only).every(isLoopback))
      throw usageError(`--interface ${only}: other hosts cannot reach this one there; name a network between them`);
    const welcome = (agent: ConnectedAgent): void => void this.#connected(agent);
    const agents = remotes.length;
    const listener = await AgentListener.open({ only, ports, keys: this.#keys, agents, welcome });
    log(`agents connect to ${listener.endpoints.join(" ")}`);
    const starts = new AgentStarts({
      starts: this.#startsOf(listener.endpoints),
      commands: this.#commands,
      hosts: new Map(remotes.map(({ node, host }) => [node, host])),
      node,
      isConnected: (each) => this.#agents.has(each),
      roll,
      log,
    });
    this.#starts = starts;
    let tooLate = false;
    const deadline = setTimeout(() => {
      tooLate = true;
      starts.giveUp();
    }, deadlineMs);
    await starts.finished;
    clearTimeout(deadline);
    listener.close();
    const { strangers } = listener;
    if (strangers > 0) log(`${strangers} connections of strangers were turned away`);
    const missing = remotes.filter(({ node }) => !this.#agents.has(node));
    if (missing.length > 0) {
      await this.#diagnose(missing, tooLate, starts);
      throw missingAgents(missing, remotes.length, tooLate ? deadlineMs : undefined, roll, listener.turnedAway);
    }
    this.#removeKeys();
  }

  #startsOf(endpoints: readonly string[]): AgentStart[] {
    const { job, remotes, deadlineMs, only, ports, node: executable } = this.#options;
    const words = [
      ...this.#keys.directories.map((directory) => `key=${directory}`),
      `seconds=${Math.ceil(deadlineMs / 1000)}`,
      ...(only === undefined ? [] : [`interface=${only}`]),
      ...(ports === undefined ? [] : [`ports=${ports.join("-")}`]),
    ];
    const there = (node: number | NodeTable): string[] => agentCommand({ job, node, at: endpoints, words, executable });
    return startCommands(remotes, there, this.#keys.ofStarter);
  }

  /** An agent that had only a moment, because another host has failed, may have been about to connect: it is not blamed. */
  async #diagnose(missing: readonly RemoteHost[], tooLate: boolean, starts: AgentStarts): Promise<void> {
    const { here, roll } = this.#options;
    const blamed = missing.filter(({ node }) => tooLate || starts.hasFailed(node));
    await Promise.all(
      blamed.map((remote) =>
        diagnose({ remote, isStarting: starts.isStarting(remote.node) }, this.#keys.directories, here, roll),
      ),
    );
  }

  #removeKeys(): void {
    this.#keys.remove();
    this.#guardian.dismiss();
  }

  async #connected(agent: ConnectedAgent): Promise<void> {
    const { roll, log, remotes, hosts } = this.#options;
    const { hello, at } = agent;
    const remote = remotes.find(({ node }) => node === hello.node);
    if (remote === undefined || this.#agents.has(hello.node)) return;
    roll.reach(hello.node, "authenticated");
    const odd = differentVersion(hello) ?? (await wrongHost(hello, remote, hosts));
    if (odd === undefined) {
      log(`agent on ${remote.host.name} is here, at ${at}, with the key from the job's ${hello.key}`);
      this.#agents.set(hello.node, agent);
    } else {
      roll.blame(hello.node, odd);
      void agent.link.close();
    }
    this.#starts!.settle(hello.node);
  }
}

async function wrongHost(
  { machine }: Hello,
  { host, starter }: RemoteHost,
  hosts: readonly string[],
): Promise<string | undefined> {
  if (!(await isAnotherHost(machine, host.name, hosts))) return undefined;
  return `its agent was started on ${machine.name}, not on ${host.name}: that is ${starter.describePlace(host)}`;
}

function differentVersion({ version: theirs, nodeVersion: node }: Hello): string | undefined {
  const major = (text: string) => text.split(".")[0];
  if (theirs !== version) return `tsmpi ${theirs} there, ${version} here: install the same on all hosts`;
  if (major(node) !== major(process.version)) return `Node.js ${node} there, ${process.version} here`;
  return undefined;
}
