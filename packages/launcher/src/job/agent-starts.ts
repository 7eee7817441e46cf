import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../errors/launch-error.ts";
import { agentProgram } from "../hosts/agent-command.ts";
import { agentExit, meaningOfExit } from "../hosts/agent-exits.ts";
import type { Host } from "../hosts/host.ts";
import type { CommandEnd, CommandStarter, StartCommand } from "../hosts/starter.ts";
import { describeMissingKey } from "../hosts/task.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { deferred } from "../system/deferred.ts";
import type { RunningCommand, StartCommands } from "./start-commands.ts";

/** At most this many commands run at once that have not yet brought their agents in. */
const atOnce = 32;
/** A command that is refused because its host has too many of them at the moment is run so often, with a pause between. */
const mostTries = 8;
const pauseMs = 400;
/** A command may end before the message that its agent has sent arrives. */
const lastWordsMs = 1000;
/** Once a host cannot be started, the others have this long to show that they can: then each host is told of as it is. */
const graceMs = 3000;

/** A command, and the starter that knows what its end means. */
export interface AgentStart {
  starter: CommandStarter;
  command: StartCommand;
}

export interface AgentStartsOptions {
  starts: readonly AgentStart[];
  commands: StartCommands;
  /** The hosts of all agents to be started, by node. */
  hosts: ReadonlyMap<number, Host>;
  /** `--node`. */
  node: string | undefined;
  isConnected(node: number): boolean;
  roll: RollCall;
  log(text: string): void;
}

/** Starts agents: runs the commands, and knows of each node whether its agent is here, will not come, or is awaited. */
export class AgentStarts {
  readonly #options: AgentStartsOptions;
  readonly #finished = deferred();
  readonly #waiting: AgentStart[];
  readonly #running = new Map<AgentStart, RunningCommand>();
  readonly #startOf: ReadonlyMap<number, AgentStart>;
  readonly #unsettled: Set<number>;
  readonly #failed = new Set<number>();
  /** Nodes of which a command that still runs has said that their agent has ended. */
  readonly #heard = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: AgentStartsOptions) {
    this.#options = options;
    this.#waiting = [...options.starts];
    this.#startOf = new Map(
      options.starts.flatMap((start) => start.command.nodes.map((node) => [node, start] as const)),
    );
    this.#unsettled = new Set(options.hosts.keys());
    for (let lane = Math.min(atOnce, options.starts.length); lane > 0; lane--) this.#startNext();
  }

  /** Resolves when each node is settled: its agent is here, or will not come; or after {@link giveUp}. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Whether the command of this node still runs. */
  isStarting(node: number): boolean {
    const start = this.#startOf.get(node);
    return start !== undefined && this.#running.has(start);
  }

  /** Whether it is certain that the agent of this node will not come. */
  hasFailed(node: number): boolean {
    return this.#failed.has(node);
  }

  /** Starts and awaits nothing more. */
  giveUp(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#finished.resolve();
  }

  /** The agent of this node has connected, or will not come. */
  settle(node: number): void {
    if (!this.#options.isConnected(node)) {
      this.#failed.add(node);
      this.#timer ??= setTimeout(() => this.giveUp(), graceMs);
    }
    if (!this.#unsettled.delete(node)) return;
    const start = this.#startOf.get(node);
    if (start?.command.nodes.some((each) => this.#unsettled.has(each)) === false) this.#complete(start);
    if (this.#unsettled.size === 0) this.giveUp();
  }

  /** All nodes of a command are settled. */
  #complete(start: AgentStart): void {
    if (start.starter.onceConnected === "kill" && start.command.nodes.every(this.#options.isConnected))
      this.#running.get(start)?.kill("SIGKILL");
    this.#startNext();
  }

  #startNext(): void {
    const next = this.#over ? undefined : this.#waiting.shift();
    if (next !== undefined) void this.#run(next);
  }

  async #run(start: AgentStart): Promise<void> {
    const { starter, command } = start;
    const { hosts, roll, log, isConnected } = this.#options;
    const names = command.nodes.map((node) => hosts.get(node)!.name).join(" ");
    log(`agent on ${names}: ${command.words.slice(0, command.words.indexOf("--")).join(" ")}`);
    for (const node of command.nodes) roll.reach(node, "asked");
    const end = await this.#endOf(start).catch((error: Error) => error);
    this.#running.delete(start);
    const absent = command.nodes.filter((node) => !isConnected(node));
    for (const node of absent) {
      if (end instanceof Error) roll.blame(node, `${command.words[0]}: ${reasonOf(end)}`);
      else this.#blame(node, starter, end);
    }
    await this.#settleAll(absent);
  }

  async #endOf(start: AgentStart): Promise<CommandEnd> {
    const { starter, command } = start;
    for (let tries = 1; ; tries++) {
      const running = this.#options.commands.run(command, starter.endSignal, (printed) => this.#hear(start, printed));
      this.#running.set(start, running);
      const end = await running.ended;
      if (tries === mostTries || this.#over || starter.isRefusal?.(end) !== true) return end;
      this.#options.log(`${starter.name} was refused (${end.printed.trim()}), and is tried again`);
      await sleep(pauseMs * (tries + Math.random()), undefined, { ref: false });
    }
  }

  /** One command for several hosts goes on when some of their agents have ended, but may have said which. */
  #hear({ starter, command }: AgentStart, printed: string): void {
    const { hosts, isConnected } = this.#options;
    if (this.#over || command.nodes.length === 1) return;
    const ended = command.nodes.filter((node) => {
      if (isConnected(node) || this.#heard.has(node)) return false;
      return Object.keys(starter.explain(hosts.get(node)!, { code: null, signal: null, printed })).length > 0;
    });
    for (const node of ended) {
      this.#heard.add(node);
      this.#blame(node, starter, { code: null, signal: null, printed });
    }
    void this.#settleAll(ended);
  }

  /** These agents have ended. A message that one of them has sent may still arrive. */
  async #settleAll(nodes: readonly number[]): Promise<void> {
    if (nodes.length > 0) await sleep(lastWordsMs, undefined, { ref: false });
    for (const node of nodes) this.settle(node);
  }

  #blame(node: number, starter: CommandStarter, end: CommandEnd): void {
    const { hosts, roll } = this.#options;
    const { agentExit: code, cause } = starter.explain(hosts.get(node)!, end);
    const places = {
      node: this.#options.node ?? process.execPath,
      tsmpi: agentProgram,
      noKey: describeMissingKey().noKey,
    };
    const meaning = cause ?? (code === undefined ? undefined : meaningOfExit(code, places));
    // An agent that could not reach the launcher has written down more than its exit code says.
    if (meaning !== undefined && code !== agentExit.unreachable) roll.blame(node, meaning);
    const printed = end.printed === "" ? "" : `: ${end.printed.trim()}`;
    const how = end.signal ?? end.code;
    roll.note(node, `${starter.name} ${how === null ? "still runs" : `ended with ${how}`}${printed}`);
  }
}
