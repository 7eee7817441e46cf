import { chmodSync, writeFileSync } from "node:fs";
import { BatchJob } from "./batch-job.ts";
import type { Hosts } from "./hosts.ts";
import { isSshd, SshHosts } from "./ssh-hosts.ts";

/** What a scheduler of this kind gives the job script and the tasks on other hosts, and its command for them. */
interface Kind {
  command: string;
  /** A line of shell that leaves the host and the words of the program in "$@". */
  options: string;
  /** What each task has on its own host. */
  own(host: string, path: (name: string) => string): Record<string, string>;
  /** What the script has besides; `slots` as in the scheduler's list. */
  script(slots: readonly string[], path: (name: string) => string): Record<string, string>;
}

/** As SGE 8.1.9 was seen to do it, and LSF by its documents. */
const kinds: Readonly<Record<"SGE" | "LSF", Kind>> = {
  SGE: {
    command: "qrsh",
    options: '[ "$1" = -inherit ] || exit 1; shift',
    own: (host, path) => ({
      JOB_ID: "17",
      SGE_TASK_ID: "undefined",
      SGE_O_WORKDIR: path("home"),
      TMPDIR: `/dev/shm/17.${host}`,
    }),
    script: (slots, path) => {
      const lines = slots.map((host) => `${host} 1 all.q@${host} UNDEFINED\n`);
      writeFileSync(path("job/pe_hostfile"), lines.join(""));
      return { PE_HOSTFILE: path("job/pe_hostfile"), NSLOTS: String(slots.length) };
    },
  },
  LSF: {
    command: "blaunch",
    options: ":",
    own: (host, path) => ({ LSB_JOBID: "17", LS_SUBCWD: path("home"), CUDA_VISIBLE_DEVICES: `GPU-${host}` }),
    script: (slots, path) => {
      writeFileSync(path("job/hostfile"), slots.map((host) => `${host}\n`).join(""));
      return { LSB_DJOB_HOSTFILE: path("job/hostfile"), LSB_MCPU_HOSTS: slots.map((host) => `${host} 1`).join(" ") };
    },
  },
};

/** A job of SGE or LSF: stand-ins of qrsh and blaunch, which hand their words to a login shell by a real ssh. */
export class ListedJob extends BatchJob {
  readonly #kind: Kind;
  readonly #slots: readonly string[];

  constructor(hosts: Hosts, slots: readonly string[], name: keyof typeof kinds) {
    super(hosts, [...new Set(slots)]);
    SshHosts.on(hosts);
    this.#kind = kinds[name];
    this.#slots = slots;
    const path = (each: string): string => this.path(each);
    const { command, options, own } = this.#kind;
    for (const host of this.names) {
      const lines = Object.entries(own(host, path)).map(([variable, value]) => `export ${variable}='${value}'\n`);
      writeFileSync(path(`job/${host}.env`), `${lines.join("")}mkdir -p "\${TMPDIR:-/tmp}"\n`);
    }
    const text = `#!/bin/sh\n${options}\nhost=$1; shift\nexec ssh "$host" ". ${path("job")}/$host.env; $*"\n`;
    writeFileSync(path(`job/${command}`), text);
    chmodSync(path(`job/${command}`), 0o755);
  }

  override processes(): string[] {
    return super.processes().filter((line) => !isSshd.test(line));
  }

  protected override scriptEnvironment(): Record<string, string> {
    const path = (each: string): string => this.path(each);
    const own = this.#kind.own(this.names[0]!, path);
    if (own["TMPDIR"] !== undefined) this.hosts.shell(this.names[0]!, `mkdir -p ${own["TMPDIR"]}`);
    return {
      ...own,
      ...this.#kind.script(this.#slots, path),
      HOME: path("home"),
      PATH: `${path("job")}:${process.env["PATH"]}`,
      USER: "course",
      LANG: "C.UTF-8",
    };
  }

  /** SIGTERM to the job script, as `terminate_method SIGTERM` of a queue of SGE does it. */
  terminate(): void {
    this.signal(this.scriptTask, "SIGTERM");
  }

  end(): void {
    this.signal(this.scriptTask, "SIGKILL");
  }
}
