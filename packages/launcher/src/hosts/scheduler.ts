import type { RunOptions } from "../command/options.ts";
import type { Granted } from "../link/messages.ts";
import type { Allocation } from "./host.ts";
import type { Placement } from "./placement.ts";
import type { CommandStarter } from "./starter.ts";

/**
 * A batch system. All that tsmpi knows of it is in one folder, `hosts/<name>/`; its file scheduler.ts puts the parts
 * together, and one line in schedulers.ts makes it known. Nothing else imports from that folder.
 *
 * | part | file in the folder | answers |
 * | --- | --- | --- |
 * | `allocation` | allocation.ts | which hosts and slots the job has |
 * | `starter` | starter.ts | which command starts processes there |
 * | `walltime` | walltime.ts | when the scheduler ends the job |
 * | `task` | task.ts | what a process finds around it inside a job |
 * | `grants` | grants.ts | how many CPUs the job has on each host |
 */
export interface Scheduler {
  /** As in messages: "PBS". */
  readonly name: string;
  /** For `tsmpi doctor` on a machine outside any job: what this scheduler needs for several hosts. */
  readonly howTo: string;
  /** The variables that tell a process that it is in a job, first that with the job's name. */
  readonly jobVariables: readonly [string, ...string[]];
  /** Whether this process runs in a job of this scheduler. */
  isHere(): boolean;
  readonly allocation: AllocationSource;
  readonly starter: CommandStarter;
  readonly walltime: WalltimeSource;
  readonly task: Task;
  readonly grants: Grants;
}

export interface AllocationSource {
  /**
   * The hosts of the job around this process; undefined outside a job.
   *
   * @throws LaunchError inside a job whose hosts cannot be found out.
   */
  find(): Promise<Allocation | undefined>;
  /** `Host.place` of those of these names that the job has. `here` is the name of this machine among them. */
  placesOf(names: readonly string[], here: string | undefined): Promise<ReadonlyMap<string, object>>;
}

/** What a scheduler tells about the time of a job. */
export interface Walltime {
  totalMs: number;
  /** What the scheduler has counted so far: perhaps late by minutes, missing at first. */
  usedMs?: number;
  /** What is left by the scheduler's own count, if it tells that. */
  leftMs?: number;
}

export interface WalltimeSource {
  /**
   * Undefined when the job has no limit.
   *
   * @throws LaunchError when the scheduler does not answer, with the reason.
   */
  ask(): Promise<Walltime | undefined>;
}

/** What a process finds around it inside a job of a scheduler. */
export interface Task {
  /** Ranks must stay in the session of their agent: the scheduler ends and signals sessions. */
  readonly keepsSessions: boolean;
  /** The scheduler may send SIGTERM to every process of the job by itself. Ranks must not get it once more from the launcher. */
  readonly signalsRanks: boolean;
  /** Names of variables that help agents to the job's key: a directory that hosts may share, and a secret of the job. */
  readonly keyVariables: { readonly directory: string; readonly secret?: string };
  /** Whether the job's terminal reaches all processes of the session, with its Ctrl-C. */
  isInteractive(): boolean;
  /** The command that has started this process as one of several tasks; undefined in the job script. */
  startedBy(): string | undefined;
  /** How many CPUs the scheduler gave for the slot that this process runs on; undefined when it does not say. */
  cpusOfSlot(): number | undefined;
  /** Changes the launching shell's variables into those that ranks of any host may have. */
  cleanVariables(variables: Record<string, string>): Record<string, string>;
  /** Collects here what {@link variablesThere} needs: plain data. `given` are the variables of `--env`. */
  describe(given: Readonly<Record<string, string>>): object;
  /**
   * Changes, on another host, the launching shell's variables into those of this host. May write files into `directory`,
   * which is the job's.
   */
  variablesThere(variables: Record<string, string>, described: object, directory: string): Record<string, string>;
}

/** A host with its ranks, and what the scheduler told the agent there: the CPUs of each slot. */
export type OccupiedHost = Placement["nodes"][number] & { cpusOfSlot: number | undefined };

export interface Grants {
  /** Asks the scheduler in advance, where its answer will be needed. */
  prepare(hosts: readonly OccupiedHost[]): void;
  /** What the job has been given on each of these hosts; undefined where the scheduler does not say. */
  of(hosts: readonly OccupiedHost[]): Promise<(Granted | undefined)[]>;
  /** The same for the launcher's own host, as far as it is known without asking. */
  here(host: OccupiedHost): Granted | undefined;
  /** A warning for a job that leaves most of its CPUs idle because its slots were not asked for; undefined for others. */
  idleCpus(options: RunOptions, allocation: Allocation): Promise<string | undefined>;
}
