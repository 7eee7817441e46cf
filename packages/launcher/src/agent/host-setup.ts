import type { Socket } from "node:net";
import { basename } from "node:path";
import { recordingBytes } from "@tsmpi/core/bootstrap";
import type { HostPlan } from "../link/messages.ts";
import type { CpuClaims } from "../system/cpu-claims.ts";
import { agentMark, Guardian } from "../system/guardian.ts";
import { type Terminal, terminalHere } from "../system/pty.ts";
import { setResourceLimits } from "../system/resource-limits.ts";
import { materialise } from "../typescript/program.ts";
import { variablesHere } from "./environment.ts";
import { checkHost } from "./host-checks.ts";
import { makeJobDirectory, removeJobDirectory, roomIn } from "./job-directory.ts";
import { type Admit, type RankHello, RankListener } from "./rank-listener.ts";
import { type Ends, openInput, pipesIn, type RankPipes } from "./rank-pipes.ts";
import { programDirectory, programIndex } from "./rank-program.ts";
import { eventsIn } from "./recordings.ts";
import { SchedulerSignals } from "./scheduler-signals.ts";
import { claimsFor, Seats } from "./seats.ts";

/**
 * What the ranks of a host need before they start: the job's directory and the script in it, pipes, the socket that they
 * connect to, limits. A setup that fails halfway is removed like any other.
 */
export class HostSetup {
  /** The job's directory on this host. */
  directory = "";
  /** Bytes that were free in the directory before any rank took some. */
  room = 0;
  /** How many calls each rank keeps one by one; undefined: nothing is recorded. */
  recordedEvents: number | undefined;
  guardian: Guardian | undefined;
  /** By rank; empty where the system cannot make named pipes. */
  pipes: ReadonlyMap<number, RankPipes> = new Map();
  /** The standard input of ranks that read the launcher's. */
  readonly inputs: Map<number, Ends> = new Map();
  listener: RankListener | undefined;
  terminal: Terminal | undefined;
  seats: Seats | undefined;
  #claims: CpuClaims | undefined;
  /** Present where the scheduler may signal ranks by itself. */
  schedulerSignals: SchedulerSignals | undefined;

  /**
   * Returns the plan with the environment of this host. `noted` gets lines for `--verbose`.
   *
   * @throws Error when ranks cannot start here.
   */
  async prepare(
    plan: HostPlan,
    admit: (hello: RankHello, socket: Socket) => ReturnType<Admit>,
    noted: (text: string) => void,
  ): Promise<HostPlan> {
    this.directory = makeJobDirectory(plan.environment["TSMPI_TMPDIR"], plan.ranks.length);
    this.room = roomIn(this.directory);
    this.#reserveRecordings(plan);
    this.#claims = claimsFor(plan);
    const files = this.#claims === undefined ? [] : [this.#claims.file];
    this.guardian = new Guardian({ mark: agentMark(plan), directories: [this.directory, ...files] });
    const pipes = pipesIn(this.directory, plan.ranks);
    const made = this.guardian.makePipes(
      [...pipes.values()].flatMap((each) => Object.values(each).map((path) => basename(path))),
    );
    if (plan.signalsRanks) this.schedulerSignals = new SchedulerSignals(plan.ownSessions);
    this.listener = await RankListener.open(this.directory, admit);
    process.umask(plan.umask);
    for (const index of new Set(plan.ranks.map((rank) => programIndex(plan, rank)))) {
      const { program } = plan.programs[index]!;
      if (!("executable" in program)) materialise(program, programDirectory(this.directory, index));
    }
    const environment = plan.shell && variablesHere(plan, plan.shell, this.directory);
    if (plan.shell !== undefined) await setResourceLimits(plan.shell.limits);
    checkHost(plan);
    if (plan.terminal !== undefined) this.terminal = terminalHere(plan.terminal);
    if (await made) this.pipes = pipes;
    else noted("mkfifo failed: the ranks' streams are sockets, not pipes");
    for (const rank of plan.inputRanks) {
      const input = await this.guardian.makeInput(openInput);
      if (input !== undefined) this.inputs.set(rank, input);
    }
    const here = environment === undefined ? plan : { ...plan, environment };
    await this.#seat(here);
    return here;
  }

  /** Prepares for ranks that join a running job. */
  async extend({ ranks, programs }: HostPlan): Promise<void> {
    const index = programs.length - 1;
    const { program } = programs[index]!;
    if (!("executable" in program)) materialise(program, programDirectory(this.directory, index));
    if (this.pipes.size === 0) return;
    const pipes = pipesIn(this.directory, ranks);
    const names = [...pipes.values()].flatMap((each) => Object.values(each).map((path) => basename(path)));
    if (await this.guardian?.makePipes(names)) this.pipes = new Map([...this.pipes, ...pipes]);
  }

  #reserveRecordings(plan: HostPlan): void {
    this.recordedEvents = eventsIn(this.room, plan);
    if (this.recordedEvents !== undefined)
      this.room -= recordingBytes(plan.size, this.recordedEvents) * plan.ranks.length;
  }

  async #seat(plan: HostPlan): Promise<void> {
    this.seats = new Seats(plan);
    if (this.#claims !== undefined) await this.seats.bind(this.#claims);
    if (plan.seating.gpusPerRank > 0) this.seats.shareGpus();
  }

  /** Lets no more processes connect. */
  close(): void {
    this.listener?.close();
  }

  /** Removes all files of the job on this host. */
  remove(): void {
    removeJobDirectory(this.directory);
    this.#claims?.release();
    this.guardian?.dismiss();
  }
}
