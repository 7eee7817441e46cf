import type { Socket } from "node:net";
import type { RankMessage } from "@tsmpi/core/bootstrap";
import type { HostPlan, Order } from "../link/messages.ts";
import type { HostRanks } from "./host-ranks.ts";
import type { HostSetup } from "./host-setup.ts";
import type { Admit, RankHello } from "./rank-listener.ts";
import type { RankProcess } from "./rank-process.ts";
import { runsScripts } from "./rank-program.ts";
import { recordingPath } from "./recordings.ts";

/** Orders that ranks must know of, also if they connect later. */
type Lasting = Extract<Order, { kind: "failed" | "stopping" | "endsSoon" }>;

/** Lets the processes of ranks that have called init() into the world: the rank itself, and no process that it has started. */
export class Admission {
  readonly #ranks: HostRanks;
  readonly #setup: HostSetup;
  readonly #said: (rank: number, message: RankMessage) => void;
  /** Why the job is being stopped: the first reason. */
  #verdict: Lasting | undefined;
  /** The job's time is nearly up. */
  #endsSoon: Lasting | undefined;

  constructor(ranks: HostRanks, setup: HostSetup, said: (rank: number, message: RankMessage) => void) {
    this.#ranks = ranks;
    this.#setup = setup;
    this.#said = said;
  }

  /** Keeps an order for ranks that connect later. */
  tellLater(order: Lasting): void {
    if (order.kind === "endsSoon") this.#endsSoon = order;
    else this.#verdict ??= order;
  }

  admit(hello: RankHello, socket: Socket, plan: HostPlan): ReturnType<Admit> {
    const { rank } = hello;
    const { host, network, terminal, recording: { allLines = false } = {} } = plan;
    const child = this.#ranks.processes.get(rank);
    const stranger = describeStranger(hello, child, !runsScripts(plan) || terminal !== undefined);
    if (child === undefined || stranger !== undefined) {
      this.#said(rank, { kind: "warning", text: `${stranger} ${isNoRank}` });
      return undefined;
    }
    const { directory, room, recordedEvents: events } = this.#setup;
    const isRecorded = events !== undefined && plan.ranks.includes(rank); // not those that were spawned
    child.connect(socket);
    const cpus = this.#setup.seats?.cpus;
    child.tell({
      kind: "welcome",
      directory,
      room,
      host,
      ...(cpus === undefined ? {} : { cpus }),
      ...(plan.keepGoing && { keepsGoing: true }),
      ...(network === undefined ? {} : { network }),
      ...(!isRecorded ? {} : { recording: { path: recordingPath(directory, rank), events, allLines } }),
    });
    if (this.#endsSoon !== undefined) child.tell(this.#endsSoon);
    if (this.#verdict !== undefined) child.tell(this.#verdict);
    this.#said(rank, hello);
    return (message) => this.#said(rank, message);
  }
}

/**
 * Why a process that has called init() is not the rank that its environment names; undefined when it is.
 *
 * `tsmpi run` starts the rank's process itself. `tsmpi exec` starts any program, and the first process below it that calls
 * init() is the rank: `npm run` is two processes above that, and the program that gives a rank its terminal (`--pty`) is
 * one. `anyProcess` is for those. `child` is the rank's process, if this host has that rank.
 */
function describeStranger(
  { rank, pid, thread }: RankHello,
  child: RankProcess | undefined,
  anyProcess: boolean,
): string | undefined {
  if (child === undefined) return `a process of no rank of this host (TSMPI_RANK is ${rank})`;
  if (thread !== 0) return "a worker thread of a rank";
  if (pid !== child.pid && !anyProcess) return "a child process of a rank";
  return child.greeted ? "a second process of a rank" : undefined;
}

const isNoRank =
  "called init() and got a world of its own, with one rank: only one process of a rank, in its main thread, belongs to the world";
