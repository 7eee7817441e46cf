import { availableParallelism } from "node:os";
import { threadId } from "node:worker_threads";
import type { Identity } from "../calls/call.ts";
import { MpiError, type MpiErrorCode } from "../calls/errors.ts";
import { breathe, setTimeout } from "../calls/event-loop.ts";
import { isMissing, nativeAdvice } from "../calls/native-package.ts";
import { showWarnings, warn } from "../calls/warning.ts";
import type { Communicator } from "../communicators/api/communicator.ts";
import { communicatorClasses, worldCommunicator } from "../communicators/communicator.ts";
import { firstNumberOf } from "../communicators/membership.ts";
import { checkingWanted } from "../diagnosis/checking/wanted.ts";
import { whereabouts } from "../diagnosis/pending-report.ts";
import { watchProgress } from "../diagnosis/stall-watch.ts";
import { Engine } from "../engine/engine.ts";
import type { Recording } from "../recording/recording.ts";
import { AloneTransport } from "../transports/alone.ts";
import { obstacleToSharing } from "../transports/shared-memory/available.ts";
import type { ZeromqTransport } from "../transports/zeromq/transport.ts";
import { type AgentMessage, describeEnding, type Ending, env, type Network } from "../wire/agent-protocol.ts";
import type { Progress } from "../wire/progress.ts";
import type { Transport } from "../wire/transport.ts";
import { AgentChannel } from "./agent-channel.ts";
import { compileLater } from "./compile-later.ts";
import { describeLost } from "./lost-messages.ts";
import { Spawning } from "./spawning.ts";
import { reportUncaught } from "./uncaught.ts";

/** How long a leaving rank waits for its unfinished sends to be received. */
const leaveTimeoutMs = 30_000;
/** Time for clean-up between the loss of the agent and the end of this process. */
const lostMs = 1000;

/** Whether this process is a rank or was started by one. Only the agent knows which. */
export function isLaunched(): boolean {
  return process.env[env.rank] !== undefined && process.env[env.socket] !== undefined;
}

/**
 * Joins the world of this rank's agent. Undefined when another process is the rank: a child or a thread of a rank has the same
 * variables, so only the agent can tell.
 */
export async function join(): Promise<Communicator | undefined> {
  const agent = await AgentChannel.open(process.env[env.socket] as string);
  const hello = { kind: "hello", rank: numberInJob(), pid: process.pid, thread: threadId } as const;
  const answer = await agent.ask(hello, "welcome", "refused");
  if (answer.kind === "welcome") return new Rank(agent).join(answer);
  agent.close();
  return undefined;
}

/** Rank 0 of a world that was spawned has a number above those of all earlier ranks. */
function numberInJob(): number {
  return Number(process.env[env.rank]) + Number(process.env[env.spawned] ?? 0);
}

type Welcome = Extract<AgentMessage, { kind: "welcome" }>;

/** This process as a rank of a job, from `init()` to its end. */
class Rank {
  /** Number in the job. */
  readonly #rank = numberInJob();
  /** Number in the job of rank 0 of this rank's world; undefined in the first world. */
  readonly #first = process.env[env.spawned] === undefined ? undefined : Number(process.env[env.spawned]);
  readonly #members = Array.from({ length: Number(process.env[env.size]) }, (_, rank) => rank + (this.#first ?? 0));
  /** How many ranks the job had when this one was started. */
  readonly #size = this.#members.length + (this.#first ?? 0);
  #spawning: Spawning | undefined;
  readonly #stopping = new AbortController();
  readonly #agent: AgentChannel;
  #engine: Engine | undefined;
  #transport: ZeromqTransport | undefined;
  #recording: Recording | undefined;
  /** Endings of ranks that arrived before the engine was made. */
  readonly #early: AgentMessage[] = [];
  #left: Promise<void> | undefined;
  #stopped = false;

  constructor(agent: AgentChannel) {
    // Otherwise Node would open its debugger on SIGUSR1, for every user of the host. The launcher's preload does the same, but not
    // for `tsmpi exec` in a container.
    if (process.listenerCount("SIGUSR1") === 0) process.on("SIGUSR1", () => {});
    const quiet = ({ code }: MpiError) => this.#stopped && consequences.has(code);
    reportUncaught(this.#rank, quiet, () => this.#engine !== undefined);
    this.#agent = agent;
    agent.listen({
      message: (message) => this.#told(message),
      lost: () => this.#stop("aborted", "its agent is gone, the job is lost", undefined),
    });
    showWarnings((text) => agent.tell({ kind: "warning", text }));
  }

  async join(welcome: Welcome): Promise<Communicator> {
    const { host } = welcome;
    const who: Identity = { rank: this.#rank, size: this.#size, host };
    const { transport, hosts, parents } = this.#size === 1 ? alone(host) : await this.#meet(welcome);
    const engine = new Engine(who, transport, await checkingWanted());
    const recording = await recordingOf(welcome, who, engine, transport);
    this.#recording = recording;
    this.#engine = engine;
    this.#watchRoutes(engine, welcome);
    if (this.#size > 1) this.#watchOthers(engine);
    this.#spawning = this.#spawner(welcome, engine, transport, hosts);
    engine.lost = (source, packets) => this.#agent.tell({ kind: "missing", source, packets });
    for (const message of this.#early.splice(0)) this.#told(message);
    process.on("beforeExit", this.#idle);
    process.once("exit", this.#exiting);
    const abort = (code: number, reason: string): Promise<never> => this.#abort(code, reason);
    const close = (): Promise<void> => this.#leave();
    const showProgress = (progress: Progress): void => this.#agent.tell({ kind: "progress", progress });
    const reportUnresponsive = (rank: number, reason: string): void =>
      this.#agent.tell({ kind: "unresponsive", rank, reason });
    const { signal } = this.#stopping;
    const calls = { showProgress, reportUnresponsive, abort, close };
    const program = Number(process.env[env.program] ?? 0);
    const watched = recording === undefined ? calls : { ...calls, recording };
    const context = this.#first === undefined ? 0 : firstNumberOf(this.#first);
    const place = { who, context, members: this.#members, hosts, parents };
    return worldCommunicator({
      ...place,
      engine,
      program,
      signal,
      nextContext: 1,
      spawner: this.#spawning,
      ...watched,
    });
  }

  #spawner(welcome: Welcome, engine: Engine, transport: Transport, hosts: string[]): Spawning {
    const { directory, network, host } = welcome;
    const bind = async (): Promise<ZeromqTransport> => {
      if (this.#transport !== undefined) return this.#transport;
      const far = await this.#bind(directory, network);
      far.connect([], host);
      this.#watchRoutes(engine, welcome);
      transport.grow?.(far);
      if (this.#size === 1) this.#watchOthers(engine);
      return far;
    };
    return new Spawning({ agent: this.#agent, engine, hosts, network: bind });
  }

  #watchRoutes(engine: Engine, { keepsGoing = false }: Welcome): void {
    if (this.#transport === undefined) return;
    this.#transport.unreachable = ({ code, message }, { dest, attempts }) => {
      this.#agent.tell({ kind: "undelivered", dest, attempts });
      if (!keepsGoing) engine.stop(code, message); // else the launcher decides which of the two is given up
    };
  }

  /** There are other ranks: decisions are made at the launcher, and it is told when this rank waits for long. */
  #watchOthers(engine: Engine): void {
    engine.survival.link = {
      cast: (ballot) => this.#agent.tell({ kind: "ballot", ballot }),
      revoke: (context, members) => this.#agent.tell({ kind: "revoke", context, members }),
    };
    const deadlockAfterMs = Number(process.env[env.deadlockAfter] ?? 0) * 1000;
    if (deadlockAfterMs <= 0) return;
    watchProgress(engine, deadlockAfterMs, {
      stuck: (stuck) => this.#agent.tell({ kind: "stuck", ...stuck }),
      moving: () => this.#agent.tell({ kind: "moving" }),
    });
  }

  /** Reports this rank's endpoints, waits for the table of all ranks, and opens the transports. */
  async #meet(welcome: Welcome): Promise<Met> {
    if (this.#first !== undefined) return this.#meetParents(welcome);
    const { host, directory, room, network, cpus = availableParallelism() } = welcome;
    const unshared = obstacleToSharing(directory, room, Number(process.env[env.localSize]));
    const far = unshared === undefined && network === undefined ? undefined : await this.#bind(directory, network);
    const { peers } = await this.#agent.ask({ kind: "ready", endpoints: far?.endpoints ?? [], unshared }, "table");
    far?.connect(peers, host);
    const hosts = peers.map((peer) => peer.host);
    const neighbors = peers.flatMap((peer) => (peer.host === host ? [peer.rank] : []));
    compileLater(neighbors.length);
    if (far !== undefined && (unshared !== undefined || neighbors.length === 1)) return { transport: far, hosts };
    const { SharedMemoryTransport } = await import("../transports/shared-memory/transport.ts");
    const options = { rank: this.#rank, size: this.#size, directory, room, neighbors, cpus };
    return { transport: new SharedMemoryTransport({ ...options, far }), hosts };
  }

  /** Ranks that were spawned talk to all others over ZeroMQ. */
  async #meetParents({ host, directory, network }: Welcome): Promise<Met> {
    const far = await this.#bind(directory, network);
    const ready = { kind: "ready", endpoints: far.endpoints } as const;
    const { peers, parents = { context: 0, peers: [] } } = await this.#agent.ask(ready, "table");
    const all = [...parents.peers, ...peers];
    far.connect(all, host);
    const hosts: string[] = [];
    for (const peer of all) hosts[peer.rank] = peer.host;
    const members = parents.peers.map(({ rank }) => rank);
    return { transport: far, hosts, parents: { context: parents.context, members } };
  }

  async #bind(directory: string, network: Network | undefined): Promise<ZeromqTransport> {
    const { ZeromqTransport } = await import("../transports/zeromq/transport.ts").catch((error: Error) => {
      const [why] = error.message.split("\n");
      const advice = isMissing("zeromq")
        ? "the package zeromq is not to be found from this program's file: a bundle has to leave tsmpi out (esbuild --external:tsmpi)"
        : nativeAdvice("zeromq");
      throw new MpiError("launch", `init(): ${advice} (${why})`, { cause: error });
    });
    this.#transport = await ZeromqTransport.bind(
      `ipc://${directory}/${this.#rank}.zmq`,
      this.#rank,
      this.#size,
      network,
    );
    return this.#transport;
  }

  #told(message: AgentMessage): void {
    if (message.kind === "where") {
      void this.#tellWhere();
    } else if (message.kind === "failed") {
      const { rank, host } = message.ending;
      const how = describeEnding(message.ending);
      const why = `rank ${rank} is gone (${how})`;
      this.#agent.fail(new MpiError("rank-failed", `init(): rank ${rank} on ${host} is gone (${how})`));
      void this.#tellWhere().then(() => this.#stop("rank-failed", why, message.ending));
    } else if (message.kind === "stopping") {
      const { code = "aborted", reason } = message;
      this.#agent.fail(new MpiError(code, `init(): ${reason}`));
      void this.#tellWhere().then(() => this.#stop(code, reason, undefined));
    } else if (message.kind === "endsSoon") {
      // Only a request to the program: calls continue to work.
      this.#stopping.abort(new MpiError("aborted", message.reason));
    } else if (message.kind === "spawned") {
      this.#spawning?.answered(message.id, message.answer);
    } else if (message.kind === "decided") {
      this.#engine?.survival.decided(message.outcome);
    } else if (message.kind === "revoked") {
      this.#engine?.survival.revoked(message.context, message.by);
    } else if (message.kind === "ended") {
      this.#transport?.drop(message.ending.rank);
      if (message.ending.rank >= this.#size) this.#engine?.grow();
      if (this.#engine === undefined) this.#early.push(message);
      else this.#engine.endings.ended(message.ending, message.sent && (message.sent[this.#rank] ?? 0));
    }
  }

  /** Reports what this rank was waiting for. Must come before its calls reject, which loses that. */
  async #tellWhere(): Promise<void> {
    if (this.#engine === undefined || this.#stopped) return;
    const { sent, received } = this.#engine.traffic;
    this.#agent.tell({ kind: "here", sent, received, ...(await whereabouts(this.#engine)) });
  }

  /**
   * The job is being stopped. Pending calls reject now, so that the program can save. Errors that follow are not printed. A program
   * that continues regardless is ended.
   */
  #stop(code: MpiErrorCode, why: string, ending: Ending | undefined): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const error = new MpiError(code, why, { rank: ending?.rank, host: ending?.host });
    this.#stopping.abort(error);
    this.#spawning?.stop(error);
    this.#recording?.freeze();
    this.#transport?.dropAll();
    this.#engine?.stop(code, why, { rank: ending?.rank, host: ending?.host });
    if (!this.#agent.connected) setTimeout(() => process.exit(1), lostMs).unref();
  }

  #abort(code: number, reason: string): Promise<never> {
    return new Promise<never>(() => {
      this.#agent.tell({ kind: "abort", code, reason }, () => process.exit(code));
    });
  }

  #leave(): Promise<void> {
    this.#left ??= this.#flushAndLeave();
    return this.#left;
  }

  async #flushAndLeave(): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#recording?.end();
    await engine.flush(leaveTimeoutMs);
    if (!engine.silent) {
      await engine.listenWhile(breathe(), leaveTimeoutMs); // messages that have arrived already
      if (engine.verdicts.size > 0) await engine.listenWhile(Promise.all(engine.verdicts), leaveTimeoutMs);
    }
    engine.checking?.leftOver();
    this.#tellLeft(engine);
    await engine.close();
    process.off("beforeExit", this.#idle);
    process.off("exit", this.#exiting);
    if (engine.untold !== undefined) throw engine.untold;
  }

  /** The event loop is empty: the program has ended, or a call waits for a message that cannot come. */
  readonly #idle = (): void => {
    if (this.#engine?.waiting) this.#engine.refuseDeadlock(aloneAndWaiting);
    else void this.#leave();
  };

  /** `process.exit()` was called, so nothing can be awaited. Undelivered messages fail the rank. */
  readonly #exiting = (code: number): void => {
    const engine = this.#engine;
    if (engine === undefined) return;
    if (code === 0) this.#recording?.end();
    else this.#recording?.freeze();
    engine.flushSync();
    const lost = code === 0 ? engine.sends.undelivered : [];
    if (lost.length > 0) {
      warn(describeLost(lost));
      process.exitCode = 1;
    }
    this.#tellLeft(engine);
  };

  #tellLeft(engine: Engine): void {
    const { mail, sent } = engine.traffic;
    const some = Object.keys(mail.sent).length + Object.keys(mail.received).length + mail.unreceived.length > 0;
    if (some) this.#agent.tell({ kind: "mail", ...mail });
    const communicators = this.#size === 1 && this.#transport === undefined ? [] : engine.joined;
    if (communicators.length > 0) this.#agent.tell({ kind: "joined", communicators });
    this.#agent.tell({ kind: "left", sent, strangers: this.#transport?.strangers ?? 0 });
  }
}

/** Codes of errors that follow from the stop of a job. */
const consequences: ReadonlySet<MpiErrorCode> = new Set(["rank-failed", "aborted", "undelivered"]);

/** Why a message to a world of one never comes. */
export const aloneAndWaiting = "there is no other rank, and nothing was sent";

/** What a rank knows once all ranks of its world are ready. */
interface Met {
  transport: Transport;
  /** By number in the job. */
  hosts: string[];
  parents?: { context: number; members: number[] };
}

/** Begins to record, where that is wanted. Loaded only then. */
async function recordingOf(
  { recording: wanted }: Welcome,
  who: Identity,
  engine: Engine,
  transport: Transport,
): Promise<Recording | undefined> {
  if (wanted === undefined) return undefined;
  const { Recording } = await import("../recording/recording.ts");
  return new Recording(wanted, who, engine, transport, communicatorClasses());
}

function alone(host: string): Met {
  return { transport: new AloneTransport(), hosts: [host] };
}
