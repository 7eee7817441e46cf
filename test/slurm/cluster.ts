import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Hosts, obstacle as noHosts } from "../support/hosts.ts";
import { command } from "../support/run-tsmpi.ts";
import { SubmittedRun, submittedScript } from "../support/submitted-run.ts";

/** Where Debian puts the daemons. A user's PATH may lack it. */
const path = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(delimiter);

/** Commands of Slurm, each with its package in Debian. */
const needed = { slurmctld: "slurmctld", slurmd: "slurmd", sbatch: "slurm-client", munged: "munge" };

/** Why no Slurm can be brought up here; undefined when it can. */
export const obstacle: string | undefined = findObstacle();

function findObstacle(): string | undefined {
  const isThere = (name: string): boolean => path.split(delimiter).some((place) => existsSync(join(place, name)));
  const missing = Object.entries(needed).flatMap(([name, part]) => (isThere(name) ? [] : [part]));
  return missing.length > 0 ? `packages are missing: ${missing.join(" ")}` : noHosts;
}

/**
 * A real Slurm on hosts that are network namespaces of this machine, from Debian's packages: munged and slurmd on each host,
 * slurmctld on the first. Needs root, and no service of the packages. Up after some seconds; nothing of it stays.
 */
export class SlurmCluster {
  readonly hosts: Hosts;
  readonly #cpus: number;
  #scripts = 0;

  private constructor(hosts: Hosts, cpus: number) {
    this.hosts = hosts;
    this.#cpus = cpus;
  }

  /** `cpus` of each host are pretended. */
  static async up(names: readonly string[], cpus = 2): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(await Hosts.make(names), cpus);
    try {
      cluster.#configure();
      for (const name of names) cluster.#startHost(name);
      cluster.#run(names[0]!, "slurmctld -c");
      for (const name of names) cluster.#run(name, "slurmd");
      await cluster.#idle();
      return cluster;
    } catch (error) {
      cluster.down();
      throw error;
    }
  }

  /** As `slurmd -V` says: "slurm-wlm 22.05.8". */
  get version(): string {
    return this.#run(this.hosts.names[0]!, "slurmd -V").trim();
  }

  /** All output of a command, on the host where jobs are submitted. */
  ask(line: string): string {
    return this.#run(this.hosts.names[0]!, line);
  }

  /** Submits a line of shell, in which `tsmpi` is the command, and which begins in the hosts' directory. */
  submit(line: string, options = ""): SlurmRun {
    const base = join(this.hosts.directory, `job-${++this.#scripts}`);
    const { directory } = this.hosts;
    const script = submittedScript(`cd "${directory}"\n${this.define}`, line, base);
    writeFileSync(`${base}.sh`, script);
    const answer = this.ask(`cd ${directory}; sbatch --parsable -o ${base}.job ${options} ${base}.sh`);
    return new SlurmRun(this, answer.trim(), base);
  }

  /** Makes `tsmpi` the command in a shell. */
  get define(): string {
    return `export PATH="${dirname(process.execPath)}:$PATH"; tsmpi() { "${process.execPath}" "${command}" "$@"; }`;
  }

  /** A command that is entered where jobs are submitted, with a terminal. */
  terminal(line: string): ChildProcess {
    const [enter, ...args] = this.hosts.enter(this.hosts.names[0]!);
    const cwd = this.hosts.directory;
    return spawn(enter!, [...args, "script", "-qefc", `cd ${cwd}; ${line}`, "/dev/null"], { env: this.#environment });
  }

  /** Processes on the hosts that are neither Slurm's nor the job script. */
  processes(): string[] {
    const own = /(^| )\S*(munged|slurmd|slurmctld|slurmscriptd|slurmstepd|slurm_script)\b/;
    return this.hosts.names.flatMap((name) => {
      const lines = this.hosts.processes(name).filter((line) => !own.test(line));
      return lines.map((line) => `${name}: ${line}`);
    });
  }

  down(): void {
    this.hosts.remove();
  }

  get #environment(): Record<string, string> {
    return { PATH: path, HOME: join(this.hosts.directory, "home"), LANG: "C.UTF-8", USER: "root" };
  }

  #run(host: string, line: string): string {
    const [enter, ...args] = this.hosts.enter(host);
    return execFileSync(enter!, [...args, "sh", "-c", line], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: this.#environment,
    });
  }

  #configure(): void {
    const { directory, names } = this.hosts;
    for (const place of ["slurm", "home"]) mkdirSync(join(directory, place), { recursive: true });
    writeFileSync(join(directory, "munge.key"), randomBytes(1024), { mode: 0o400 });
    const addresses = names.map((name, index) => `10.88.0.${index + 1} ${name}`);
    writeFileSync(join(directory, "hosts"), ["127.0.0.1 localhost", ...addresses, ""].join("\n"));
    writeFileSync(join(directory, "slurm/slurm.conf"), this.#slurmConf(names));
    const [, major = "0", minor = "0"] =
      /(\d+)\.(\d+)/.exec(execFileSync("/usr/sbin/slurmd", ["-V"], { encoding: "utf8" })) ?? [];
    // Without cgroups. Before 23.02 slurmd looks for them all the same.
    const plugin = Number(major) * 100 + Number(minor) >= 2302 ? "disabled" : "cgroup/v1";
    writeFileSync(join(directory, "slurm/cgroup.conf"), `CgroupPlugin=${plugin}\nCgroupMountpoint=/sys/fs/cgroup\n`);
  }

  #slurmConf(names: readonly string[]): string {
    return `ClusterName=tsmpi
SlurmctldHost=${names[0]}
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=/run/slurm/state
SlurmdSpoolDir=/run/slurm/spool
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/slurmd.pid
SlurmctldLogFile=/run/slurm/slurmctld.log
SlurmdLogFile=/run/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=2
PropagateResourceLimits=ALL
KillWait=10
NodeName=${names.join(",")} CPUs=${this.#cpus} RealMemory=${this.#cpus * 1000} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
  }

  #startHost(name: string): void {
    const { directory } = this.hosts;
    const munge = `--key-file=${directory}/munge.key --log-file=/run/munge/log --pid-file=/run/munge/pid --seed-file=/run/munge/seed`;
    this.#run(
      name,
      `set -e
      mount -t tmpfs -o mode=755 none /run
      mount -t tmpfs -o mode=755 none /sys/fs/cgroup
      mkdir -p -m 755 /run/munge /run/slurm/state /run/slurm/spool
      mount --bind ${directory}/hosts /etc/hosts
      mount --bind ${directory}/slurm /etc/slurm
      munged ${munge}`,
    );
  }

  async #idle(): Promise<void> {
    const { names } = this.hosts;
    const deadline = performance.now() + 60_000;
    let states = "";
    while (performance.now() < deadline) {
      try {
        states = this.ask("sinfo -h -N -o '%N %t'");
        if (states.match(/ idle$/gm)?.length === names.length) return;
      } catch {} // slurmctld does not answer yet
      await sleep(200);
    }
    const logs = names.map((name) => this.#run(name, "tail -5 /run/slurm/*.log")).join("\n");
    throw new Error(`not all hosts are idle:\n${states}\n${logs}`);
  }
}

/** A job that was submitted. */
export class SlurmRun extends SubmittedRun {
  readonly id: string;

  constructor(cluster: SlurmCluster, id: string, base: string) {
    // A job that is being ended is there.
    super(base, () => cluster.ask(`squeue -h -j ${id} 2> /dev/null || true`) !== "");
    this.id = id;
  }
}
