import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Hosts } from "./hosts.ts";
import { command, Running } from "./run-tsmpi.ts";

/** A process that a scheduler has started on a host. */
export interface BatchTask {
  host: string;
  /** The file with its session's id. */
  session: string;
}

/** A job of a scheduler on some hosts, which runs scripts; what schedulers differ in is in its subclasses. */
export abstract class BatchJob {
  readonly hosts: Hosts;
  /** The hosts, each once; the job script runs on the first. */
  readonly names: readonly string[];

  constructor(hosts: Hosts, names: readonly string[]) {
    this.hosts = hosts;
    this.names = names;
    mkdirSync(this.path("job"));
  }

  /** What the job script begins with. */
  protected abstract scriptEnvironment(): Record<string, string>;
  /** Ends the job: SIGTERM to the processes that the scheduler tells. */
  abstract terminate(): void;
  /** Kills all tasks, and the daemon that has started them. */
  abstract end(): void;

  /** Runs a line of shell as the job script, in which `tsmpi` is the command. */
  script(line: string, env: Record<string, string> = {}): Running {
    const [enter, ...args] = this.hosts.enter(this.names[0]!);
    const text = `cd "${this.hosts.directory}"; echo $$ > job/session; tsmpi() { "${process.execPath}" "${command}" "$@"; }\n${line}`;
    // A session of its own, which begins with the job.
    const child = spawn(enter!, [...args, "setsid", "bash", "-c", text], {
      env: { ...this.scriptEnvironment(), ...env },
    });
    return new Running(child);
  }

  /** All processes of all hosts, for tests that want none to be left. */
  processes(): string[] {
    return this.names.flatMap((name) => this.hosts.processes(name).map((line) => `${name}: ${line}`));
  }

  /** What jobs have left in the memory of the hosts. */
  files(): string[] {
    const list = "ls -d /dev/shm/tsmpi-* 2> /dev/null || true";
    return this.names.flatMap((name) => this.hosts.shell(name, list).split("\n").filter(Boolean));
  }

  /** The session of the job script, as a task. */
  protected get scriptTask(): BatchTask {
    return { host: this.names[0]!, session: this.path("job/session") };
  }

  protected path(name: string): string {
    return join(this.hosts.directory, name);
  }

  /** To every process of a task's session. */
  protected signal({ host, session }: BatchTask, signal: string): void {
    try {
      this.hosts.shell(host, `pkill -${signal.replace("SIG", "")} -s $(cat ${session}) || true`);
    } catch {} // the host is gone
  }
}
