import { accessSync, constants, existsSync } from "node:fs";
import type { Socket } from "node:net";
import { basename } from "node:path";
import type { RankMessage } from "@tsmpi/core/bootstrap";
import { withPortOf } from "../command/inspector-ports.ts";
import type { Exit } from "../errors/exit-codes.ts";
import { reasonOf } from "../errors/launch-error.ts";
import type { Channel } from "../link/channel.ts";
import type { HostPlan, Order, Report } from "../link/messages.ts";
import { usableCpus } from "../system/cpus.ts";
import { agentMark, Guardian } from "../system/guardian.ts";
import { type Terminal, terminalHere } from "../system/pty.ts";
import {
  addressesAreFew,
  cpuTimeHint,
  resourceLimits,
  setResourceLimits,
  threadsLeft,
  threadsOfRank,
} from "../system/resource-limits.ts";
import { withoutZeromqRemark } from "../system/zeromq-remark.ts";
import { materialise } from "../typescript/program.ts";
import { environmentOf, type Threads, threadsEach, variablesHere } from "./environment.ts";
import { makeJobDirectory, removeJobDirectory, roomIn } from "./job-directory.ts";
import { killLeftovers } from "./leftovers.ts";
import { Lingering } from "./lingering.ts";
import { OutOfMemory } from "./out-of-memory.ts";
import { type Apart, howApart } from "./process-group.ts";
import { rankCommand } from "./rank-command.ts";
import { type Admit, RankDoor, type RankHello } from "./rank-door.ts";
import { type Ends, openInput, pipesIn, type RankPipes } from "./rank-pipes.ts";
import { RankProcess } from "./rank-process.ts";
import { SessionSignals } from "./session-signals.ts";
import { takesSignals } from "./signals-taken.ts";
import { hasSocket, type Stall, StallWatch } from "./stalls.ts";
import { isStopped, StoppedRanks } from "./stopped-ranks.ts";

/** So many bytes of output may be on their way to the launcher before the ranks' pipes are left alone for a while. */
const outputWindowBytes = 4 << 20;
/** What the ranks wrote is waited for; what comes from a process that nobody can find, not for ever. */
const lastOutputMs = 2000;

/**
 * Serves one host's part of one job: the parent of its ranks, their ear and their voice. It does what it is ordered to,
 * reports what happens, and decides nothing: decisions need the whole job, which only the launcher sees.
 */
export class Agent {
  /** Resolves when no process and no file of the job is left here. */
  readonly finished: Promise<void>;
  readonly #channel: Channel<Report, Order>;
  readonly #ranks = new Map<number, RankProcess>();
  readonly #left = new Map<number, Extract<RankMessage, { kind: "left" }>>();
  readonly #ended = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #outOfMemory = new OutOfMemory();
  readonly #stoppedRanks = new StoppedRanks(
    () => this.#running,
    (rank, stopped) => this.#channel.send({ kind: "stopped", rank, stopped }),
  );
  /** Why ranks were killed that had been stopped. */
  readonly #killedFor = new Map<number, string>();
  #plan: HostPlan | undefined;
  #directory = "";
  /** Bytes that were free in it before any rank took some. */
  #room = 0;
  #guardian: Guardian | undefined;
  #pipes: ReadonlyMap<number, RankPipes> = new Map();
  #input: Ends | undefined;
  #door: RankDoor | undefined;
  #terminal: Terminal | undefined;
  #stalls: StallWatch | undefined;
  #sessionSignals: SessionSignals | undefined;
  #outputUnderway = 0;
  readonly #state = { stopped: false, killed: false, paused: false };
  #allStarted = false;
  #unstarted = 0;
  #failed = false;
  /** Why the job is being stopped, for ranks that come to listen only now. */
  #verdict: Extract<Order, { kind: "failed" | "stopping" }> | undefined;
  /** The job's time is nearly up, for the same ranks. */
  #endsSoon: Extract<Order, { kind: "endsSoon" }> | undefined;
  #leave!: () => void;

  constructor(channel: Channel<Report, Order>) {
    this.#channel = channel;
    this.finished = new Promise((resolve) => {
      this.#leave = resolve;
    });
    channel.receive({
      message: (order) => this.#obey(order),
      lost: () => this.#lose(),
    });
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case "start":
        void this.#start(order.plan);
        break;
      case "failed":
      case "stopping":
        this.#verdict ??= order;
        this.#tell(order);
        break;
      case "endsSoon":
        this.#endsSoon = order;
        this.#tell(order);
        break;
      case "table":
        if (this.#plan?.network !== undefined)
          this.#stalls = new StallWatch(order.peers, this.#plan.host, (stall) => this.#reportStall(stall));
        this.#tell(order);
        break;
      case "ended":
      case "where":
        this.#tell(order);
        break;
      case "queues":
        void (this.#stalls?.queued() ?? Promise.resolve(0)).then((bytes) =>
          this.#channel.send({ kind: "queued", bytes }),
        );
        break;
      case "stop":
        this.#stop(order.killAfterMs);
        break;
      case "kill":
        this.#kill();
        break;
      case "abandon":
        for (const rank of this.#ranks.values()) rank.abandon();
        break;
      case "killStopped":
        this.#killStopped(order.rank, order.reason);
        break;
      case "signal":
        void this.#signal(order.signal);
        break;
      case "input":
        this.#ranks.get(0)?.write(order.bytes);
        break;
      case "taken":
        this.#outputUnderway -= order.bytes;
        this.#throttle();
        break;
    }
  }

  #tell(message: Parameters<RankProcess["tell"]>[0]): void {
    for (const rank of this.#ranks.values()) rank.tell(message);
  }

  async #start(plan: HostPlan): Promise<void> {
    this.#plan = plan;
    try {
      await this.#prepare(plan);
      if (!this.#state.stopped) this.#startRanks(this.#plan);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const where = code === "ENOSPC" || code === "EDQUOT" ? ` in ${this.#directory}` : "";
      this.#unable(`the ranks: ${reasonOf(error)}${where}`);
    }
    this.#allStarted = true;
    this.#finishIfDone();
  }

  async #prepare(plan: HostPlan): Promise<void> {
    this.#directory = makeJobDirectory(plan.environment["TSMPI_TMPDIR"], plan.ranks.length);
    this.#room = roomIn(this.#directory);
    this.#guardian = new Guardian({ mark: agentMark(plan), directories: [this.#directory] });
    const pipes = pipesIn(this.#directory, plan.ranks);
    const made = this.#guardian.makePipes(
      [...pipes.values()].flatMap((each) => Object.values(each).map((path) => basename(path))),
    );
    if (!plan.ownSessions) this.#sessionSignals = new SessionSignals();
    this.#door = await RankDoor.open(this.#directory, (hello, socket) => this.#admit(hello, socket));
    process.umask(plan.umask);
    if (!("executable" in plan.program)) materialise(plan.program, this.#directory);
    if (plan.shell !== undefined) {
      this.#plan = { ...plan, environment: variablesHere(plan, plan.shell, this.#directory) };
      await setResourceLimits(plan.shell.limits);
    }
    checkDirectory(plan.directory);
    checkThreads(plan);
    if (plan.terminal !== undefined) this.#terminal = terminalHere(plan.terminal);
    if (await made) this.#pipes = pipes;
    else this.#channel.send({ kind: "noted", text: "mkfifo failed: the ranks' streams are sockets, not pipes" });
    if (plan.ranks.includes(0)) this.#input = await this.#guardian.makeInput(openInput);
  }

  #startRanks(plan: HostPlan): void {
    const { count: cpus } = usableCpus();
    const share = threadsEach(plan.ranks.length, plan.granted?.cpus ?? cpus);
    const threads = Math.min(share, plan.granted?.threads ?? share);
    const nodeOptions = [
      ...(share === 1 ? onOneCpu : []),
      ...(addressesAreFew() ? onFewAddresses() : []),
      ...plan.nodeOptions,
    ];
    const apart = plan.ownSessions ? howApart(plan, cpus) : "none";
    for (const rank of plan.ranks) {
      const ownOptions = nodeOptions.map((option) => withPortOf(rank, option));
      const command = rankCommand({ ...plan, nodeOptions: ownOptions }, this.#directory);
      try {
        this.#startRank(rank, plan, { ...command, share, threads, apart });
      } catch (error) {
        this.#unable(`rank ${rank}: ${reasonOf(error)}`); // its pipes cannot be opened
        return;
      }
    }
  }

  #startRank(rank: number, plan: HostPlan, start: RankCommand): void {
    const child = new RankProcess(
      {
        file: start.file,
        args: start.args,
        environment: environmentOf(rank, plan, { ...start, socket: this.#door!.path }),
        directory: plan.directory,
        apart: start.apart,
        terminal: this.#terminal,
        withInput: rank === 0,
        pipes: this.#pipes.get(rank),
        input: rank === 0 ? this.#input : undefined,
        showPartialLines: plan.showPartialLines,
        promptsAtOnce: rank === 0 && plan.promptsAtOnce,
        waitsForChildren: plan.waitForChildrenMs > 0,
      },
      {
        output: (stream, written) => {
          const bytes = stream === "stderr" ? withoutZeromqRemark(written) : written;
          if (bytes.length === 0) return;
          this.#channel.send({ kind: "output", rank, stream, bytes });
          this.#outputUnderway += bytes.length;
          this.#throttle();
        },
        ended: (exit) => this.#rankEnded(rank, exit),
        inputTaken: (bytes) => this.#channel.send({ kind: "inputTaken", bytes }),
        unable: (error) => {
          this.#unable(`rank ${rank}: ${"executable" in plan.program ? `${start.file}: ` : ""}${reasonOf(error)}`);
          this.#unstarted--;
          this.#finishIfDone();
        },
      },
    );
    if (child.pid === undefined) {
      this.#unstarted++; // until it says why
      return;
    }
    this.#guardian?.watch(child.killTarget);
    this.#ranks.set(rank, child);
    void child.settled.then(() => this.#guardian?.forget(child.killTarget));
    void child.drained.then(() => this.#channel.send({ kind: "drained", rank }));
    this.#channel.send({ kind: "started", rank, pid: child.pid });
  }

  /** A process has called init(). It is the rank itself, or something that the rank has started. */
  #admit(hello: RankHello, socket: Socket): ReturnType<Admit> {
    const { rank } = hello;
    const child = this.#ranks.get(rank);
    const { program, terminal } = this.#plan!;
    const stranger = child && strangerTo(child, hello, "executable" in program || terminal !== undefined);
    if (child === undefined || stranger !== undefined) {
      const text = `${stranger ?? `a process of no rank of this host (TSMPI_RANK is ${rank})`} ${isNoRank}`;
      this.#said(rank, { kind: "warning", text });
      return undefined;
    }
    const { host, network } = this.#plan!;
    const directory = this.#directory;
    child.connect(socket);
    child.tell({
      kind: "welcome",
      directory,
      room: this.#room,
      host,
      ...(network === undefined ? {} : { network }),
    });
    if (this.#endsSoon !== undefined) child.tell(this.#endsSoon);
    if (this.#verdict !== undefined) child.tell(this.#verdict);
    this.#said(rank, hello);
    return (message) => this.#said(rank, message);
  }

  #said(rank: number, message: RankMessage): void {
    if (message.kind === "left") this.#left.set(rank, message);
    else this.#channel.send({ kind: "said", rank, message });
  }

  #rankEnded(rank: number, exit: Exit): void {
    const child = this.#ranks.get(rank)!;
    const left = this.#left.get(rank);
    const hint =
      this.#killedFor.get(rank) ??
      (this.#state.stopped ? undefined : (this.#outOfMemory.hintFor(exit) ?? cpuTimeHint(exit)));
    this.#ended.add(rank);
    this.#channel.send({
      kind: "ended",
      ending: { rank, host: this.#plan!.host, pid: child.pid!, ...exit, ...(hint === undefined ? {} : { hint }) },
      ...(left === undefined ? {} : { sent: left.sent, strangers: left.strangers ?? 0 }),
    });
    this.#finishIfDone();
  }

  /** Ranks in a world have just been told why, and may want to say or save something; the others know of nothing. */
  #stop(killAfterMs: number): void {
    this.#state.stopped = true;
    for (const rank of this.#ranks.values()) rank.hurry();
    for (const rank of this.#ranks.values()) if (!rank.greeted) rank.signal("SIGTERM");
    this.#later(killAfterMs / 3, () => {
      for (const rank of this.#ranks.values()) rank.signal("SIGTERM");
    });
    this.#later(killAfterMs, () => this.#kill());
  }

  #kill(): void {
    this.#state.stopped = true;
    this.#state.killed = true;
    for (const rank of this.#ranks.values()) rank.signal("SIGKILL");
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const stops = signal === "SIGSTOP" || signal === "SIGCONT";
    if (stops) this.#stoppedRanks.suspended = signal === "SIGSTOP";
    else {
      for (const rank of this.#ranks.values()) rank.hear(signal);
      if (await this.#sessionSignals?.came(signal)) return;
    }
    for (const rank of this.#ranks.values()) {
      if (this.#mustWaitForNode(signal)) await takesSignals(rank);
      rank.signal(signal);
    }
  }

  #mustWaitForNode(signal: NodeJS.Signals): boolean {
    return (signal === "SIGUSR1" || signal === "SIGUSR2") && !("executable" in this.#plan!.program);
  }

  #killStopped(rank: number, reason: string): void {
    const child = this.#ranks.get(rank);
    if (child?.pid === undefined || !child.alive || !isStopped(child.pid)) return;
    this.#killedFor.set(rank, reason);
    this.#stoppedRanks.forget(rank);
    child.signal("SIGKILL");
  }

  /** Process ids of the ranks that have not ended. */
  get #running(): ReadonlyMap<number, number> {
    return new Map([...this.#ranks].flatMap(([rank, child]) => (child.alive ? [[rank, child.pid!] as const] : [])));
  }

  /** The launcher is gone, or out of reach: nobody wants the ranks or what they write any more. */
  #lose(): void {
    this.#kill();
    for (const rank of this.#ranks.values()) rank.abandon();
    if (this.#plan === undefined) this.#leave();
  }

  #reportStall({ inode, ...stall }: Stall): void {
    const owner = [...this.#running].find(([, pid]) => hasSocket(pid, inode));
    this.#channel.send({ kind: "stalled", ...(owner === undefined ? {} : { rank: owner[0] }), ...stall });
  }

  #unable(reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#channel.send({ kind: "unable", reason });
    this.#kill();
  }

  #finishIfDone(): void {
    if (this.#allStarted && this.#unstarted === 0 && this.#ended.size === this.#ranks.size) void this.#finish();
  }

  /** Every rank has ended: nothing of the job may stay behind, and nothing that was written may be lost. */
  async #finish(): Promise<void> {
    this.#stoppedRanks.end();
    this.#door?.close();
    this.#stalls?.end();
    const ranks = [...this.#ranks.values()];
    await new Lingering(this.#ranks, this.#pipes, this.#plan!, this.#state, (report) =>
      this.#channel.send(report),
    ).ended();
    this.#sessionSignals?.end();
    for (const timer of this.#timers) clearTimeout(timer);
    killLeftovers(agentMark(this.#plan!));
    const timer = setInterval(() => {
      if (!this.#state.paused) for (const rank of ranks) rank.abandon();
    }, lastOutputMs);
    await Promise.all(ranks.map((rank) => rank.drained));
    clearInterval(timer);
    removeJobDirectory(this.#directory);
    this.#guardian?.dismiss();
    this.#channel.send({ kind: "finished" });
    this.#leave();
  }

  #throttle(): void {
    const limit = this.#state.paused ? outputWindowBytes / 2 : outputWindowBytes;
    const paused = this.#outputUnderway > limit;
    if (paused === this.#state.paused) return;
    this.#state.paused = paused;
    for (const rank of this.#ranks.values()) rank.pause(paused);
  }

  #later(ms: number, action: () => void): void {
    this.#timers.push(setTimeout(action, ms));
  }
}

/**
 * What this is, if it is not the rank: undefined when it is. `tsmpi run` starts the rank's process itself. `tsmpi exec`
 * starts any program, and the first process of it that calls init() is the rank: `npm run` is two processes above that, and
 * the program that gives a rank its terminal (`--pty`) is one.
 */
function strangerTo(child: RankProcess, { pid, thread }: RankHello, anyProcess: boolean): string | undefined {
  if (thread !== 0) return "a worker thread of a rank";
  if (pid !== child.pid && !anyProcess) return "a child process of a rank";
  return child.greeted ? "a second process of a rank" : undefined;
}

const isNoRank =
  "called init() and got a world of its own, with one rank: only one process of a rank, in its main thread, belongs to the world";

/** How a rank is started. */
interface RankCommand extends Threads {
  file: string;
  args: string[];
  apart: Apart;
}

/** @throws Error when ranks cannot start there. */
function checkDirectory(directory: string): void {
  if (!existsSync(directory)) throw new Error(`there is no directory ${directory} on this host (--wdir)`);
  try {
    accessSync(directory, constants.X_OK);
  } catch {
    throw new Error(`the directory ${directory} cannot be entered on this host (--wdir)`);
  }
}

/** @throws Error when ranks would be killed at their start: a Node that cannot have its threads aborts without a word. */
function checkThreads({ ranks, program }: HostPlan): void {
  const left = threadsLeft();
  const needed = ranks.length * ("executable" in program ? 1 : threadsOfRank);
  if (left === undefined || left >= needed) return;
  throw new Error(
    `they need ${needed} threads on this host, and the limit of processes leaves ${left} (ulimit -u): raise it, end other processes, or run fewer ranks`,
  );
}

/** The threads with which V8 collects garbage would take their time from the other ranks, or wait for them: milliseconds. */
const onOneCpu = ["--single-threaded-gc"];

/**
 * WebAssembly, and with it `fetch`, then works within a small `ulimit -v`: V8 checks bounds instead of reserving 10 GB. A memory
 * that may grow still reserves as much as it can get up to the most pages, and would leave no room for anything else.
 */
function onFewAddresses(): string[] {
  const limit = Number(resourceLimits()["as"]?.[0]);
  const pages = Number.isNaN(limit) ? [] : [`--wasm-max-mem-pages=${Math.floor(limit / 8 / wasmPageBytes)}`];
  return ["--disable-wasm-trap-handler", ...pages];
}

const wasmPageBytes = 65_536;
