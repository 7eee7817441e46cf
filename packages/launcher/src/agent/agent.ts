import { dirname } from "node:path";
import { hostClock, type RankMessage } from "@tsmpi/core/bootstrap";
import type { Exit } from "../errors/exit-codes.ts";
import { reasonOf } from "../errors/launch-error.ts";
import type { Channel } from "../link/channel.ts";
import type { HostPlan, Order, Report, SpawnOrder } from "../link/messages.ts";
import { usableCpus } from "../system/cpus.ts";
import { deferred } from "../system/deferred.ts";
import { agentMark } from "../system/guardian.ts";
import { cpuTimeHint } from "../system/resource-limits.ts";
import { withoutZeromqRemark } from "../system/zeromq-remark.ts";
import { Admission } from "./admission.ts";
import { HostRanks } from "./host-ranks.ts";
import { HostSetup } from "./host-setup.ts";
import { killLeftovers } from "./leftover-processes.ts";
import { Lingering } from "./lingering.ts";
import { OutOfMemory } from "./out-of-memory.ts";
import { OutputWindow } from "./output-window.ts";
import { type RankEvents, RankProcess } from "./rank-process.ts";
import { runsScripts } from "./rank-program.ts";
import { commonStart, rankStart } from "./rank-start.ts";
import { sendRecordings } from "./recordings.ts";
import type { RankStart } from "./spawn-rank.ts";
import { planOfSpawned } from "./spawned-ranks.ts";
import { hasSocket, type Stall, StallWatch } from "./stalls.ts";

/** Once all ranks have ended, output is read until it pauses for this long: a process that cannot be found may hold a pipe. */
const lastOutputMs = 2000;

/**
 * Serves one host's part of one job: the parent of its ranks, and their way to the launcher and back. It follows orders,
 * reports what happens, and decides nothing: decisions need the whole job, which only the launcher sees.
 */
export class Agent {
  readonly #channel: Channel<Report, Order>;
  readonly #setup = new HostSetup();
  readonly #finished = deferred();
  readonly #ranks = new HostRanks((report) => this.#channel.send(report));
  /** What ranks said when they left the world in good order. */
  readonly #left = new Map<number, Extract<RankMessage, { kind: "left" }>>();
  readonly #ended = new Set<number>();
  readonly #outOfMemory = new OutOfMemory();
  readonly #admission = new Admission(this.#ranks, this.#setup, (rank, message) => this.#said(rank, message));
  readonly #window = new OutputWindow((paused) => this.#ranks.pause(paused));
  #plan: HostPlan | undefined;
  #stalls: StallWatch | undefined;
  #allStarted = false;
  /** Ranks that could not be started, and have not yet said why. */
  #unstarted = 0;
  /** How many orders are being followed to start ranks while the job runs. */
  #spawning = 0;
  #isFinishing = false;
  /** No more ranks will be spawned here. */
  #isReleased = false;
  #failed = false;

  constructor(channel: Channel<Report, Order>) {
    this.#channel = channel;
    channel.receive({
      message: (order) => this.#obey(order),
      lost: () => this.#lose(),
    });
  }

  /** Resolves when no process and no file of the job is left here. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: one case for each order, a table
  #obey(order: Order): void {
    switch (order.kind) {
      case "start":
        void this.#start(order.plan);
        break;
      case "failed":
      case "stopping":
      case "endsSoon":
        this.#admission.tellLater(order);
        this.#ranks.tell(order);
        break;
      case "spawn":
        void this.#spawn(order);
        break;
      case "world":
        this.#stalls?.add(order.peers);
        for (const rank of order.ranks) {
          const child = this.#ranks.processes.get(rank);
          child?.tell({ kind: "table", peers: order.peers, parents: order.parents });
          for (const ending of order.gone) child?.tell({ kind: "ended", ending });
        }
        break;
      case "spawned":
        this.#ranks.processes.get(order.rank)?.tell({ kind: "spawned", id: order.id, answer: order.answer });
        break;
      case "release":
        this.#isReleased = true;
        this.#finishIfDone();
        break;
      case "killRanks":
        for (const rank of order.ranks) this.#ranks.processes.get(rank)?.signal("SIGKILL");
        break;
      case "table":
        this.#watchStalls(order.peers);
        this.#ranks.tell(order);
        break;
      case "ended":
        for (const each of order.endings) this.#ranks.tell({ kind: "ended", ...each });
        break;
      case "decided":
      case "revoked":
      case "where":
        this.#ranks.tell(order);
        break;
      case "clock":
        this.#channel.send({ ...order, there: hostClock(), cpus: usableCpus().count });
        break;
      case "record":
        void this.#sendRecordings();
        break;
      case "queues":
        void this.#reportQueues();
        break;
      case "stop":
        this.#ranks.stop(order.killAfterMs);
        this.#finishIfDone();
        break;
      case "kill":
        this.#ranks.kill();
        this.#finishIfDone();
        break;
      case "abandon":
        this.#ranks.abandon();
        break;
      case "killStopped":
        this.#ranks.killStopped(order.rank, order.reason);
        break;
      case "giveUp":
        this.#ranks.giveUp(order.reason);
        break;
      case "killUnresponsive":
        this.#ranks.killUnresponsive(order.rank, order.reason);
        break;
      case "signal":
        void this.#ranks.signal(
          order.signal,
          this.#plan !== undefined && runsScripts(this.#plan),
          this.#setup.schedulerSignals,
        );
        break;
      case "input":
        for (const rank of this.#plan?.inputRanks ?? []) this.#ranks.processes.get(rank)?.write(order.bytes);
        break;
      case "taken":
        this.#window.taken(order.bytes);
        break;
    }
  }

  async #start(plan: HostPlan): Promise<void> {
    this.#plan = plan;
    try {
      this.#plan = await this.#setup.prepare(
        plan,
        (hello, socket) => this.#admission.admit(hello, socket, this.#plan!),
        (text) => this.#channel.send({ kind: "noted", text }),
      );
      this.#warnIfUnrecorded(this.#plan);
      const seated = this.#setup.seats?.report();
      if (seated !== undefined) this.#channel.send(seated);
      if (!this.#ranks.isStopping) this.#startRanks(this.#plan);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const where = code === "ENOSPC" || code === "EDQUOT" ? ` in ${this.#setup.directory}` : "";
      this.#unable(`the ranks: ${reasonOf(error)}${where}`);
    }
    this.#allStarted = true;
    this.#finishIfDone();
  }

  #startRanks(plan: HostPlan): void {
    const common = commonStart(plan);
    for (const rank of plan.ranks) {
      try {
        this.#startRank(rank, rankStart(rank, plan, this.#setup, common));
      } catch (error) {
        this.#unable(`rank ${rank}: ${reasonOf(error)}`); // its pipes cannot be opened
        return;
      }
    }
  }

  /** Ranks join the running job. One that cannot be started does not end the job. */
  async #spawn(order: SpawnOrder): Promise<void> {
    const [first] = order.ranks as [number];
    this.#spawning++;
    try {
      if (this.#plan === undefined || this.#isFinishing || this.#ranks.isStopping)
        throw new Error("the ranks of this host have ended");
      const plan = planOfSpawned(this.#plan, order);
      await this.#setup.extend(plan);
      if (this.#ranks.isStopping) return;
      const common = commonStart({ ...plan, ranks: [...this.#ranks.running.keys(), ...plan.ranks] });
      for (const rank of plan.ranks) {
        const unable = (reason: string): void => this.#channel.send({ kind: "unspawned", rank, reason });
        this.#startRank(rank, rankStart(rank, plan, this.#setup, common), unable);
      }
    } catch (error) {
      const reason = `cannot start them on ${this.#plan?.host ?? "a host"}: ${reasonOf(error)}`;
      this.#channel.send({ kind: "unspawned", rank: first, reason });
    } finally {
      this.#spawning--;
      this.#finishIfDone();
    }
  }

  #startRank(
    rank: number,
    start: RankStart,
    unable: (reason: string) => void = (reason) => this.#unable(reason),
  ): void {
    const child = new RankProcess(start, this.#eventsOf(rank, start.file, unable));
    if (child.pid === undefined) {
      this.#unstarted++;
      return;
    }
    const { guardian } = this.#setup;
    guardian?.watch(child.killTarget);
    this.#ranks.processes.set(rank, child);
    void child.settled.then(() => guardian?.forget(child.killTarget));
    void child.drained.then(() => this.#channel.send({ kind: "drained", rank }));
    this.#channel.send({ kind: "started", rank, pid: child.pid });
  }

  #eventsOf(rank: number, file: string, unable: (reason: string) => void): RankEvents {
    return {
      output: (stream, written) => {
        const bytes = stream === "stderr" ? withoutZeromqRemark(written) : written;
        if (bytes.length === 0) return;
        this.#channel.send({ kind: "output", rank, stream, bytes });
        this.#window.sent(bytes.length);
      },
      ended: (exit) => this.#rankEnded(rank, exit),
      inputTaken: (bytes) => this.#channel.send({ kind: "inputTaken", rank, bytes }),
      unable: (error) => {
        const program = runsScripts(this.#plan!) ? "" : `${file}: `;
        unable(`rank ${rank}: ${program}${reasonOf(error)}`);
        this.#unstarted--;
        this.#finishIfDone();
      },
    };
  }

  #said(rank: number, message: RankMessage): void {
    this.#ranks.heard(rank);
    if (message.kind === "left") this.#left.set(rank, message);
    else this.#channel.send({ kind: "said", rank, message });
  }

  #rankEnded(rank: number, exit: Exit): void {
    const child = this.#ranks.processes.get(rank)!;
    const left = this.#left.get(rank);
    const hint =
      this.#ranks.killedFor(rank) ??
      (this.#ranks.isStopping ? undefined : (this.#outOfMemory.hintFor(exit) ?? cpuTimeHint(exit)));
    this.#ended.add(rank);
    this.#channel.send({
      kind: "ended",
      ending: { rank, host: this.#plan!.host, pid: child.pid!, ...exit, ...(hint === undefined ? {} : { hint }) },
      ...(left === undefined ? {} : { sent: left.sent, strangers: left.strangers ?? 0 }),
    });
    this.#finishIfDone();
  }

  /** The launcher is gone, or out of reach: nothing uses the ranks or their output any more. */
  #lose(): void {
    this.#ranks.kill();
    this.#ranks.abandon();
    if (this.#plan === undefined) this.#finished.resolve();
    else this.#finishIfDone();
  }

  #watchStalls(peers: Extract<Order, { kind: "table" }>["peers"]): void {
    if (this.#plan?.network === undefined) return;
    this.#stalls = new StallWatch(peers, this.#plan.host, (stall) => this.#reportStall(stall));
  }

  #reportStall({ inode, ...stall }: Stall): void {
    const owner = [...this.#ranks.running].find(([, pid]) => hasSocket(pid, inode));
    this.#channel.send({ kind: "stalled", ...(owner === undefined ? {} : { rank: owner[0] }), ...stall });
  }

  async #reportQueues(): Promise<void> {
    this.#channel.send({ kind: "queued", bytes: (await this.#stalls?.queued()) ?? 0 });
  }

  #unable(reason: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#channel.send({ kind: "unable", reason });
    this.#ranks.kill();
  }

  #finishIfDone(): void {
    if (this.#isFinishing || this.#spawning > 0) return;
    if (this.#plan?.stays && !this.#isReleased && !this.#ranks.isStopping && !this.#failed) return;
    if (this.#allStarted && this.#unstarted === 0 && this.#ended.size === this.#ranks.processes.size)
      void this.#finish();
  }

  #warnIfUnrecorded({ recording, host, ranks }: HostPlan): void {
    const { recordedEvents, directory } = this.#setup;
    if (recording === undefined || recordedEvents !== undefined) return;
    const text = `the ranks on ${host} are not recorded: ${dirname(directory)} has no room for it`;
    this.#channel.send({ kind: "said", rank: ranks[0]!, message: { kind: "warning", text } });
  }

  async #sendRecordings(): Promise<void> {
    if (this.#setup.recordedEvents === undefined) return;
    await sendRecordings(this.#setup.directory, this.#plan!.ranks, (report) => this.#channel.send(report));
  }

  /** Every rank has ended: leaves nothing of the job behind, and loses nothing that was written. */
  async #finish(): Promise<void> {
    this.#isFinishing = true;
    this.#ranks.endWatch();
    this.#setup.close();
    this.#stalls?.end();
    const report = (each: Report): void => this.#channel.send(each);
    await new Lingering(this.#ranks, this.#setup.pipes, this.#plan!, this.#window, report).ended();
    this.#setup.schedulerSignals?.end();
    this.#ranks.endTimers();
    killLeftovers(agentMark(this.#plan!));
    const timer = setInterval(() => {
      if (!this.#window.paused) this.#ranks.abandon();
    }, lastOutputMs);
    await Promise.all([...this.#ranks.processes.values()].map((rank) => rank.drained));
    clearInterval(timer);
    await this.#sendRecordings();
    this.#setup.remove();
    this.#channel.send({ kind: "finished" });
    this.#finished.resolve();
  }
}
