import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { BatchJob, type BatchTask } from "./batch-job.ts";
import type { Hosts } from "./hosts.ts";

const standIn = fileURLToPath(new URL("srun/srun.mjs", import.meta.url));

/**
 * A Slurm job on some hosts: the environment of its script, and the daemon that starts the tasks of its steps. It gives what a
 * real Slurm was seen to give, and nothing more.
 */
export class SlurmJob extends BatchJob {
  readonly id: string;
  /** Hosts whose slurmd does not answer. */
  readonly broken: Set<string> = new Set();
  readonly #slots: ReadonlyMap<string, number>;
  readonly #daemon: Server;
  readonly #tasks = new Set<BatchTask>();
  #steps = 0;
  #terminated = false;

  /** `slots`: the host of each task, as in `node1 node1 node2`. Slurm keeps hosts in an order of its own, here that of `hosts`. */
  constructor(hosts: Hosts, slots: readonly string[]) {
    super(
      hosts,
      hosts.names.filter((name) => slots.includes(name)),
    );
    this.id = String(Math.floor(Math.random() * 1e6));
    this.#slots = new Map(this.names.map((name) => [name, slots.filter((slot) => slot === name).length]));
    mkdirSync(this.path("job/sessions"));
    const srun = this.path("job/srun");
    writeFileSync(srun, `#!/bin/sh\nexec "${process.execPath}" "${standIn}" ${this.path("job/slurmctld")} "$@"\n`);
    chmodSync(srun, 0o755);
    this.tells("UNLIMITED", "UNLIMITED");
    this.#daemon = createServer((socket) => this.#serve(socket)).listen(this.path("job/slurmctld"));
  }

  /** What `squeue -o %l` and `%L` say of this job: its time limit, and what is left of it. */
  tells(limit: string, left: string): void {
    const squeue = this.path("job/squeue");
    writeFileSync(squeue, `#!/bin/sh\necho "${this.id}|${limit}|${left}"\n`);
    chmodSync(squeue, 0o755);
  }

  /** What `scancel` does first where there are no cgroups: SIGTERM to every process of the job, on all hosts at once. */
  terminate(): void {
    this.#terminated = true;
    const pids = this.names.map((host) => this.hosts.processes(host).map((line) => line.split(" ")[0]!));
    for (const [index, host] of this.names.entries()) {
      const [enter, ...args] = this.hosts.enter(host);
      spawn(enter!, [...args, "kill", "-TERM", ...pids[index]!], { stdio: "ignore" });
    }
  }

  end(): void {
    this.#daemon.close();
    for (const task of this.#tasks) this.signal(task, "SIGKILL");
  }

  /** What each task gets of its own host. */
  #own(host: string): Record<string, string> {
    return {
      SLURM_JOB_ID: this.id,
      SLURM_JOB_NODELIST: this.names.join(","),
      SLURM_JOB_CPUS_PER_NODE: [...this.#slots.values()].join(","),
      SLURM_JOB_NUM_NODES: String(this.names.length),
      SLURM_SUBMIT_DIR: this.path("home"),
      SLURMD_NODENAME: host,
      SLURM_LOCALID: "0",
      SLURM_CPUS_ON_NODE: String(this.#slots.get(host)),
      CUDA_VISIBLE_DEVICES: `GPU-${host}`, // gres of the job
      TMPDIR: "/tmp",
    };
  }

  protected override scriptEnvironment(): Record<string, string> {
    const tasks = [...this.#slots.values()];
    return {
      ...this.#own(this.names[0]!),
      SLURM_NODEID: "0",
      SLURM_PROCID: "0",
      SLURM_TASKS_PER_NODE: tasks.join(","),
      SLURM_NTASKS: String(tasks.reduce((sum, each) => sum + each, 0)),
      // Variables that srun would take for options.
      SLURM_NTASKS_PER_NODE: "7",
      SLURM_MEM_PER_CPU: "500",
      SLURM_EXPORT_ENV: "NONE",
      HOME: this.path("home"),
      PATH: `${this.path("job")}:${process.env["PATH"]}`,
      USER: "course",
      LANG: "C.UTF-8",
    };
  }

  #serve(socket: Socket): void {
    const step = new Step(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      text += piece;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const message = JSON.parse(text.slice(0, end)) as Order | { signal: string };
        text = text.slice(end + 1);
        // A srun that is told to end kills its step; once the job is being ended it only waits.
        if ("nodes" in message) this.#startStep(message, step);
        else if (!this.#terminated) this.#kill(step);
      }
    });
    socket.on("close", () => this.#kill(step));
  }

  #startStep(order: Order, step: Step): void {
    const strangers = order.nodes.filter((node) => !this.#slots.has(node));
    if (order.job !== this.id || strangers.length > 0) {
      step.print(
        "stderr",
        `srun: error: Unable to create step for job ${order.job}: Requested node configuration is not available\n`,
      );
      step.end(1);
      return;
    }
    const id = this.#steps++;
    // The step's order of hosts is the job's, whatever the order of --nodelist.
    const nodes = this.names.filter((name) => order.nodes.includes(name));
    step.expect(nodes.length);
    for (const [index, node] of nodes.entries()) {
      if (!this.broken.has(node)) this.#startTask(order, step, { id, node, index, nodes });
    }
  }

  #startTask(
    order: Order,
    step: Step,
    { id, node, index, nodes }: { id: number; node: string; index: number; nodes: string[] },
  ): void {
    const ofStep = {
      ...this.#own(node),
      SLURM_STEP_ID: String(id),
      SLURM_STEP_NODELIST: nodes.join(","),
      SLURM_STEP_NUM_TASKS: String(nodes.length),
      SLURM_STEP_TASKS_PER_NODE: nodes.length === 1 ? "1" : `1(x${nodes.length})`,
      SLURM_TASKS_PER_NODE: nodes.length === 1 ? "1" : `1(x${nodes.length})`,
      SLURM_NODEID: String(index),
      SLURM_PROCID: String(index),
    };
    const task = { host: node, session: this.path(`job/sessions/${id}.${index}`) };
    const [enter, ...args] = this.hosts.enter(node);
    const start = `umask ${order.umask.toString(8)}; cd ${order.directory ?? "/"}; echo $$ > ${task.session}; exec "$@"`;
    const child = spawn(enter!, [...args, "setsid", "sh", "-c", start, "sh", ...order.program], {
      env: { ...order.env, ...ofStep },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#tasks.add(task);
    step.add(child, task);
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => step.print(stream, text));
    child.once("exit", (code, signal) => {
      this.#tasks.delete(task);
      this.signal(task, "SIGKILL");
      step.ended(node, index, code ?? 128 + constants.signals[signal!]);
    });
  }

  #kill(step: Step): void {
    for (const task of step.tasks) this.signal(task, "SIGKILL");
  }
}

/** A step, as its srun sees it. */
class Step {
  readonly tasks = new Set<BatchTask>();
  readonly #socket: Socket;
  #running = 0;
  #highest = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  expect(tasks: number): void {
    this.#running = tasks;
  }

  add(child: ChildProcess, task: BatchTask): void {
    this.tasks.add(task);
    child.once("exit", () => this.tasks.delete(task));
  }

  print(stream: "stdout" | "stderr", text: string): void {
    this.#send({ stream, print: text });
  }

  ended(node: string, index: number, code: number): void {
    const how = code === 137 ? "Killed" : `Exited with exit code ${code}`;
    if (code !== 0) this.print("stderr", `srun: error: ${node}: task ${index}: ${how}\n`);
    this.#highest = Math.max(this.#highest, code);
    this.#running--;
    if (this.#running === 0) this.end(this.#highest);
  }

  end(code: number): void {
    this.#send({ code });
    this.#socket.end();
  }

  #send(message: object): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

/** What srun tells the daemon. */
interface Order {
  job: string;
  nodes: string[];
  program: string[];
  env: Record<string, string>;
  directory?: string;
  umask: number;
}
