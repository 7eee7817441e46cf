import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PortRange } from "@tsmpi/core/bootstrap";
import { HostsError, LaunchError, reasonOf, usageError } from "../errors/launch-error.ts";
import { agentCommand, agentProgram } from "../hosts/agent-command.ts";
import { agentExit, meaningOfExit, meaningOfWords } from "../hosts/agent-exits.ts";
import type { Host } from "../hosts/host.ts";
import type { Starter } from "../hosts/starter.ts";
import { isLoopback, usableAddresses } from "../link/addresses.ts";
import { JobKeys } from "../link/keys.ts";
import { type Guest, Reception } from "../link/listener.ts";
import type { Hello } from "../link/messages.ts";
import { reachesOne } from "../link/reach.ts";
import type { RollCall } from "../reports/launch-stages.ts";
import { agentMark, Guardian } from "../system/guardian.ts";
import { isAnotherHost } from "../system/this-host.ts";
import { version } from "../system/version.ts";

/** A host whose agent is a process of its own. */
export interface Outpost {
  node: number;
  host: Host;
  starter: Starter;
}

export interface RemoteOptions {
  job: string;
  outposts: Outpost[];
  /** The names of all hosts of the job. */
  hosts: string[];
  /** `--interface`. */
  only: string | undefined;
  /** `--port-range`. */
  ports: PortRange | undefined;
  deadlineMs: number;
  /** The name of the launcher's own host. */
  here: string;
  roll: RollCall;
  log(text: string): void;
}

/** So many starters run at once that have not yet brought their agent in. */
const atOnce = 32;
/** A starter that ends may be quicker than what its agent says. */
const lastWordsMs = 1000;
/** Once a host cannot be started, the others have so long to show that they can. */
const graceMs = 3000;
/** How long a command that ends what is left on a lost host may take. */
const sweepMs = 2000;

/** PBS writes what a task prints into the job's own files: that nothing is left to be killed there is no news. */
const quietKill = 'kill -s KILL -- "-$1" 2> /dev/null';

/** The agents of other hosts: starts them, lets them in, and cleans up after those that are lost. */
export class Remote {
  readonly #options: RemoteOptions;
  readonly #keys: JobKeys;
  /** Removes the keys where nobody else can: the launcher is killed before all agents are here. */
  readonly #guardian: Guardian;
  readonly #guests = new Map<number, Guest>();
  readonly #children = new Set<ChildProcess>();
  /** Of agents that are not here yet. */
  readonly #starting = new Map<number, ChildProcess>();
  readonly #sweeps: Promise<void>[] = [];
  /** Hosts whose agent will not come. */
  readonly #failed = new Set<number>();
  #reception: Reception | undefined;
  /** This host's agent is here, or will not come. */
  #settle: (node: number) => void = () => {};

  private constructor(options: RemoteOptions) {
    this.#options = options;
    this.#keys = new JobKeys(options.job);
    this.#guardian = new Guardian({
      mark: agentMark({ job: options.job, node: "launcher" }),
      directories: this.#keys.directories,
    });
    this.#keys.deposit();
    process.once("exit", () => {
      this.#removeKeys();
      for (const child of this.#children) child.kill("SIGKILL");
    });
  }

  /**
   * Starts all agents and resolves when all of them are here.
   *
   * @throws LaunchError with a table of hosts when one does not come in time.
   */
  static async start(options: RemoteOptions): Promise<Remote> {
    const remote = new Remote(options);
    const interrupted = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const;
    const leave = (signal: NodeJS.Signals): void => process.exit(interrupted[signal as keyof typeof interrupted]);
    for (const signal of Object.keys(interrupted)) process.once(signal, leave);
    try {
      await remote.#start();
    } finally {
      for (const signal of Object.keys(interrupted)) process.off(signal, leave);
    }
    return remote;
  }

  guest(node: number): Guest {
    return this.#guests.get(node)!;
  }

  /** The launcher's addresses at which agents came in: ranks of the launcher's own host are reached there too. */
  get addresses(): string[] {
    return [...new Set([...this.#guests.values()].map(({ at }) => at))];
  }

  /** A host is lost: kills what may still run there, where its starter still gets through. */
  sweep(node: number): void {
    const outpost = this.#options.outposts.find((each) => each.node === node);
    const guest = this.#guests.get(node);
    if (outpost === undefined || guest === undefined) return;
    const command = outpost.starter.command(outpost.host, [
      "/bin/sh",
      "-c",
      quietKill,
      "sh",
      String(guest.hello.group),
    ]);
    if (command === undefined) return;
    const child = this.#spawn(command);
    const done = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        resolve();
      }, sweepMs);
      child.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#sweeps.push(done);
  }

  /** Resolves when every sweep is over. */
  async settled(): Promise<void> {
    await Promise.all(this.#sweeps);
  }

  async #start(): Promise<void> {
    const { outposts, only, ports, deadlineMs, log } = this.#options;
    if (!this.#keys.usable) {
      throw new LaunchError("no place for the job's key: neither PBS_O_WORKDIR nor HOME can be written to");
    }
    if (only !== undefined && usableAddresses(only).every(isLoopback))
      throw usageError(`--interface ${only}: other hosts cannot reach this one there; name a network between them`);
    this.#reception = await Reception.open(only, ports, this.#keys, (guest) => void this.#welcome(guest));
    log(`agents connect to ${this.#reception.endpoints.join(" ")}`);
    const over = new AbortController();
    let tooLate = false;
    const deadline = (): void => {
      tooLate = true;
      over.abort();
    };
    const timers = [setTimeout(deadline, deadlineMs)];
    const waiting = [...outposts];
    const settled = new Map(outposts.map(({ node }) => [node, deferred()]));
    this.#settle = (node) => {
      settled.get(node)?.resolve();
      // The others have a moment to come, so that each host is told of as it is.
      if (this.#guests.has(node)) return;
      this.#failed.add(node);
      timers.push(setTimeout(() => over.abort(), graceMs));
    };
    const startOneByOne = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !over.signal.aborted; next = waiting.shift()) {
        const { node } = next;
        void this.#ask(next).then(() => this.#settle(node));
        await settled.get(node)!.promise;
      }
    };
    const aborted = new Promise<void>((resolve) => {
      over.signal.addEventListener("abort", () => resolve());
    });
    for (let lane = 0; lane < Math.min(atOnce, outposts.length); lane++) void startOneByOne();
    await Promise.race([Promise.all([...settled.values()].map(({ promise }) => promise)), aborted]);
    for (const timer of timers) clearTimeout(timer);
    this.#reception.close();
    const { strangers } = this.#reception;
    if (strangers > 0) log(`${strangers} connections of strangers were turned away`);
    const missing = outposts.filter(({ node }) => !this.#guests.has(node));
    if (missing.length > 0) {
      // What had only a moment, because another host has failed, may have been about to come.
      await Promise.all(
        missing.map((outpost) => (tooLate || this.#failed.has(outpost.node) ? this.#diagnose(outpost) : undefined)),
      );
      throw this.#failure(missing, tooLate);
    }
    this.#removeKeys();
  }

  #removeKeys(): void {
    this.#keys.remove();
    this.#guardian.dismiss();
  }

  /** Runs the starter for one host. Resolves when it has ended, and some time has passed for what its agent may say. */
  async #ask({ node, host, starter }: Outpost): Promise<void> {
    const { job, roll, log, deadlineMs, only, ports } = this.#options;
    const words = [
      ...this.#keys.directories.map((directory) => `key=${directory}`),
      `seconds=${Math.ceil(deadlineMs / 1000)}`,
      ...(only === undefined ? [] : [`interface=${only}`]),
      ...(ports === undefined ? [] : [`ports=${ports.join("-")}`]),
    ];
    const command = starter.command(host, agentCommand(job, node, this.#reception!.endpoints, words));
    if (command === undefined) throw new Error(`${starter.name} starts nothing on ${host.name}`);
    log(`agent on ${host.name}: ${command.slice(0, command.indexOf("--")).join(" ")}`);
    roll.reach(node, "asked");
    const child = this.#spawn(command);
    this.#starting.set(node, child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        if (said.length < 2000) said += text;
      });
    }
    await new Promise<void>((resolve) => {
      child.once("error", (error) => {
        roll.blame(node, `${command[0]}: ${reasonOf(error)}`);
        this.#starting.delete(node);
        resolve();
      });
      child.once("close", (code, signal) => {
        if (!this.#guests.has(node)) {
          const exit = /exit status (\d+)/.exec(said)?.[1];
          const paths = { node: process.execPath, tsmpi: agentProgram };
          const meaning = exit === undefined ? meaningOfWords(said) : meaningOfExit(Number(exit), paths);
          // An agent that could not reach the launcher has written down more than its exit code says.
          if (meaning !== undefined && Number(exit) !== agentExit.unreachable) roll.blame(node, meaning);
          roll.note(node, `${starter.name} ended with ${signal ?? code}${said === "" ? "" : `: ${said.trim()}`}`);
        }
        this.#starting.delete(node);
        resolve();
      });
    });
    if (!this.#guests.has(node)) await new Promise((resolve) => setTimeout(resolve, lastWordsMs).unref());
  }

  #spawn(command: readonly string[]): ChildProcess {
    const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    child.once("error", () => this.#children.delete(child));
    return child;
  }

  async #welcome(guest: Guest): Promise<void> {
    const { roll, log, outposts, hosts } = this.#options;
    const { hello, at } = guest;
    const outpost = outposts.find(({ node }) => node === hello.node);
    if (outpost === undefined || this.#guests.has(hello.node)) return;
    roll.reach(hello.node, "authenticated");
    const odd = difference(hello.version, hello.nodeVersion) ?? (await wrongHost(hello, outpost, hosts));
    if (odd !== undefined) {
      roll.blame(hello.node, odd);
      void guest.link.close();
      this.#settle(hello.node);
      return;
    }
    log(`agent on ${outpost.host.name} is here, at ${at}, with the key from the job's ${hello.key}`);
    this.#guests.set(hello.node, guest);
    // It has nothing more to do, and would pass signals of PBS on to ranks that get them from here. Its task runs on.
    this.#starting.get(hello.node)?.kill("SIGKILL");
    this.#starting.delete(hello.node);
    this.#settle(hello.node);
  }

  /** Why a host's agent did not come: what it has written down where it found its key, and what can be tried from here. */
  async #diagnose({ node, host, starter }: Outpost): Promise<void> {
    const { roll } = this.#options;
    const words = this.#words(node);
    if (words === undefined) {
      if (this.#starting.has(node))
        roll.blame(
          node,
          `${starter.name} still waits for this host: the host or its pbs_mom hangs, or a firewall keeps it from connecting to ${this.#options.here}`,
        );
      return;
    }
    const { attempts, listens } = words;
    const connected = attempts.some(({ outcome }) => outcome.startsWith("connected"));
    roll.reach(node, connected ? "connected" : "started");
    for (const { endpoint, outcome } of attempts) roll.note(node, `launcher at ${endpoint}: ${outcome}`);
    if (connected) {
      roll.blame(
        node,
        `${host.name} reaches ${this.#options.here}, but its agent and the launcher have different keys`,
      );
      return;
    }
    const here = this.#options.here;
    const backwards = (await reachesOne(listens))
      ? `${here} reaches ${host.name}: a firewall lets connections through one way only`
      : `${here} cannot reach ${host.name} either: a firewall, or no network between them`;
    roll.blame(node, `${host.name} cannot reach ${here}; ${backwards}`);
  }

  #words(node: number): Words | undefined {
    for (const directory of this.#keys.directories) {
      try {
        return JSON.parse(readFileSync(join(directory, `agent.${node}`), "utf8")) as Words;
      } catch {} // it has written none, or not here
    }
    return undefined;
  }

  #failure(missing: readonly Outpost[], tooLate: boolean): HostsError {
    const { roll, outposts, deadlineMs } = this.#options;
    const causes = new Map(
      missing.flatMap(({ node, host }) => {
        const cause = roll.causeOf(node) ?? (tooLate ? "its agent did not connect in time" : undefined);
        return cause === undefined ? [] : [[host.name, cause] as const];
      }),
    );
    const when = tooLate ? `within ${deadlineMs / 1000} s (--launch-timeout)` : "at all";
    const what = `${causes.size} of ${outposts.length} agents did not connect ${when}`;
    const strangers = [...this.#reception!.turnedAway].map(
      ([who, times]) => `turned away: ${who}${times > 1 ? ` (${times} times)` : ""}`,
    );
    return new HostsError([what, roll.describe("authenticated"), ...strangers].join("\n"), causes);
  }
}

/** What an agent writes beside its key when it cannot reach the launcher. */
interface Words {
  attempts: { endpoint: string; outcome: string }[];
  /** Where the agent can be reached, should the way there be open. */
  listens: string[];
}

async function wrongHost(
  { machine }: Hello,
  { host, starter }: Outpost,
  hosts: readonly string[],
): Promise<string | undefined> {
  if (!(await isAnotherHost(machine, host.name, hosts))) return undefined;
  return `its agent was started on ${machine.name}, not on ${host.name}: that is line ${host.line} of the node file that ${starter.name} counts`;
}

function difference(theirs: string, node: string): string | undefined {
  const major = (text: string) => text.split(".")[0];
  if (theirs !== version) return `tsmpi ${theirs} there, ${version} here: install the same on all hosts`;
  if (major(node) !== major(process.version)) return `Node.js ${node} there, ${process.version} here`;
  return undefined;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
