import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BatchJob, type BatchTask } from "./batch-job.ts";
import type { Hosts } from "./hosts.ts";

const standIn = fileURLToPath(new URL("pbsdsh/pbsdsh.mjs", import.meta.url));

/** The two relatives that differ in what their pbsdsh does and in what tasks get to see. */
export type Flavour = "openpbs" | "torque";

/**
 * A PBS job on some hosts: its node file, the environment of its script, and the daemons that start its tasks. It gives
 * what a real PBS was seen to give, and nothing more.
 */
export class PbsJob extends BatchJob {
  readonly id: string;
  /** Where all that tasks themselves print goes, wherever their pbsdsh's output goes. */
  readonly spool: string;
  /** What NCPUS and OMP_NUM_THREADS are on each line; 1 where nothing is said. */
  readonly #cpus: readonly number[];
  /** Hosts whose mom does not answer, and those on which it cannot start anything because there is no home directory. */
  readonly broken: Map<string, "silent" | "homeless"> = new Map();
  readonly #flavour: Flavour;
  readonly #lines: readonly string[];
  readonly #cookie = randomUUID();
  readonly #daemon: Server;
  readonly #tasks = new Set<BatchTask>();
  #started = 0;

  /** `lines` are those of the node file; the first is where the job script runs. */
  constructor(hosts: Hosts, lines: readonly string[], flavour: Flavour, cpus: readonly number[] = []) {
    super(hosts, [...new Set(lines)]);
    this.#cpus = cpus;
    this.id = `${Math.floor(Math.random() * 1e6)}.head`;
    this.#flavour = flavour;
    this.#lines = lines;
    const directory = this.path("job");
    for (const name of this.names) mkdirSync(this.temporary(name), { recursive: true });
    this.spool = join(directory, "spool");
    writeFileSync(this.spool, "");
    mkdirSync(this.path("aux"));
    writeFileSync(this.nodeFile, lines.map((line) => `${line}\n`).join(""));
    writeFileSync(
      join(directory, "pbsdsh"),
      `#!/bin/sh\nexec "${process.execPath}" "${standIn}" ${directory}/mom ${flavour} "$@"\n`,
    );
    chmodSync(join(directory, "pbsdsh"), 0o755);
    this.#daemon = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket)).listen(
      join(directory, "mom"),
    );
  }

  /** What `qdel` does first: SIGTERM to all sessions of the job on its first host, and to none on the others. */
  terminate(): void {
    const here = [...this.#tasks].filter(({ host }) => host === this.names[0]);
    for (const task of [this.scriptTask, ...here]) this.signal(task, "SIGTERM");
  }

  /** PBS makes one on each host, of the same name. Hosts share their file system here, so it differs in its directory. */
  temporary(host: string): string {
    return this.path(`tmp.${host}/pbs.${this.id}`);
  }

  /** The one that PBS itself has written. */
  get nodeFile(): string {
    return this.path(`aux/${this.id}`);
  }

  get printed(): string {
    return readFileSync(this.spool, "utf8");
  }

  end(): void {
    this.#daemon.close();
    for (const task of this.#tasks) this.signal(task, "SIGKILL");
  }

  /** `qstat -f` of this job, with these lines about it. */
  tells(status: Readonly<Record<string, string>>): void {
    const lines = Object.entries(status).map(([name, value]) => `    ${name} = ${value}`);
    const text = ["Job Id: $2", ...lines].join("\n");
    writeFileSync(this.path("job/qstat"), `#!/bin/sh\ncat << END\n${text}\nEND\n`, { mode: 0o755 });
  }

  #own(line: number): Record<string, string> {
    const host = this.#lines[line]!;
    const cpus = String(this.#cpus[line] ?? 1);
    return {
      HOME: this.path("home"),
      TMPDIR: this.temporary(host),
      PBS_JOBID: this.id,
      PBS_JOBNAME: "test",
      PBS_QUEUE: "workq",
      PBS_JOBCOOKIE: this.#cookie,
      PBS_MOMPORT: "15003",
      PBS_NODENUM: String(this.names.indexOf(host)),
      PBS_ENVIRONMENT: "PBS_BATCH",
      PBS_O_WORKDIR: this.path("home"),
      ...(this.#flavour === "openpbs" ? { NCPUS: cpus, OMP_NUM_THREADS: cpus } : {}),
      CUDA_VISIBLE_DEVICES: `GPU-${host}`, // PBS's cgroups hook
      PBS_HOME: this.hosts.directory, // in /etc/pbs.conf where a real PBS is installed
    };
  }

  protected scriptEnvironment(): Record<string, string> {
    return {
      ...this.#own(0),
      PATH: `${this.path("job")}:${process.env["PATH"]}`,
      USER: "course",
      LANG: "C.UTF-8",
      PBS_TASKNUM: "1",
      PBS_NODEFILE: this.nodeFile,
    };
  }

  #taskEnvironment(line: number): Record<string, string> {
    const host = this.#lines[line]!;
    const common = {
      ...this.#own(line),
      PATH: "/bin:/usr/bin",
      PBS_TASKNUM: (0x20000000 + ++this.#started).toString(16).padStart(8, "0"),
    };
    const nodeFile = { PBS_NODEFILE: this.nodeFile };
    if (this.#flavour === "openpbs") return host === this.#lines[0] ? common : { ...common, ...nodeFile };
    const torque = { PBS_VNODENUM: String(line), PBS_NUM_PPN: "1", PBS_NP: String(this.#lines.length) };
    return { ...common, ...nodeFile, ...torque, USER: "course", SHELL: "/bin/bash", HOSTNAME: host };
  }

  #serve(socket: Socket): void {
    let text = "";
    let task: BatchTask | undefined;
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      text += piece;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const message = JSON.parse(text.slice(0, end)) as Request;
        text = text.slice(end + 1);
        if ("signal" in message) {
          if (task !== undefined) this.signal(task, message.signal);
        } else task = this.#spawn(message, socket);
      }
    });
  }

  #spawn({ job, cookie, node, caller, line, program }: Spawn, socket: Socket): BatchTask | undefined {
    const refuse = (refused: string): undefined => void socket.end(JSON.stringify({ refused }));
    if (job !== this.id || cookie !== this.#cookie || this.names[node] !== caller) return refuse("tm_init failed");
    if (this.#flavour === "torque" && line >= this.#lines.length) return refuse("specified node number too large");
    const index = line % this.#lines.length; // OpenPBS wraps round, silently
    const host = this.#lines[index]!;
    if (this.broken.get(host) === "silent") return undefined;
    if (this.broken.get(host) === "homeless") return void socket.end(JSON.stringify({ error: 15010 }));
    const [enter, ...args] = this.hosts.enter(host);
    const variables = this.#taskEnvironment(index);
    const task = { host, session: join(variables["TMPDIR"]!, `session.${variables["PBS_TASKNUM"]}`) };
    const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const start =
      'trap "" HUP; umask 077; cd "$HOME"; echo $$ > "$TMPDIR/session.$PBS_TASKNUM"; command -v "$1" > /dev/null || exit 254; exec "$@"';
    const output = openSync(this.spool, "a");
    const child = spawn(enter!, [...args, "setsid", "env", "-i", ...environment, "sh", "-c", start, "sh", ...program], {
      stdio: ["ignore", output, output],
    });
    this.#tasks.add(task);
    child.once("exit", (code, signal) => {
      this.signal(task, "SIGKILL"); // nothing in a task's session outlives its first process
      this.#tasks.delete(task);
      const status = signal === null ? code : 256 + constants.signals[signal];
      socket.end(JSON.stringify({ status }));
    });
    return task;
  }
}

interface Spawn {
  job: string;
  cookie: string;
  node: number;
  caller: string;
  line: number;
  program: string[];
}

type Request = Spawn | { signal: string };
