import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Hosts, obstacle as noHosts } from "../support/hosts.ts";
import { command } from "../support/run-tsmpi.ts";
import { SubmittedRun, submittedScript } from "../support/submitted-run.ts";

/** Where Debian puts the daemons, the tools of an installation, and templates of its settings. */
const [daemons, tools, templates] = ["/usr/sbin", "/usr/lib/gridengine", "/usr/share/gridengine"];

/** Why no SGE can be brought up here; undefined when it can. */
export const obstacle: string | undefined = findObstacle();

function findObstacle(): string | undefined {
  const needed = [`${tools}/qsub`, `${daemons}/sge_qmaster`, `${daemons}/sge_execd`];
  if (needed.every((path) => existsSync(path))) return noHosts;
  return "packages are missing: gridengine-master gridengine-exec gridengine-client";
}

/**
 * A real SGE on hosts that are network namespaces of this machine, from Debian's packages: sge_execd on each host, sge_qmaster
 * on the first. Needs root, and no service of the packages. The first host has two slots, all others have one.
 */
export class SgeCluster {
  readonly hosts: Hosts;
  #scripts = 0;

  private constructor(hosts: Hosts) {
    this.hosts = hosts;
  }

  static async up(names: readonly string[]): Promise<SgeCluster> {
    const cluster = new SgeCluster(await Hosts.make(names));
    try {
      cluster.#configure();
      cluster.run(names[0]!, `${daemons}/sge_qmaster`);
      await cluster.#until("qconf -sm", () => true);
      cluster.#addHosts();
      for (const name of names) cluster.run(name, `cd /; ${daemons}/sge_execd`);
      await cluster.#until("qstat -f", (text) => text.match(/ lx-\S+ *$/gm)?.length === names.length);
      return cluster;
    } catch (error) {
      cluster.down();
      throw error;
    }
  }

  /** What a command of SGE prints on the first host. */
  ask(line: string): string {
    return this.run(this.hosts.names[0]!, line);
  }

  /** Submits a line of shell, in which `tsmpi` is the command, and which begins in the hosts' directory. */
  submit(line: string, options = ""): SgeRun {
    const base = this.#path(`job-${++this.#scripts}`);
    const setUp = `export PATH="${dirname(process.execPath)}:$PATH"; tsmpi() { "${process.execPath}" "${command}" "$@"; }`;
    writeFileSync(`${base}.sh`, submittedScript(`cd "${this.hosts.directory}"\n${setUp}`, line, base));
    const queue = `all.q@${this.hosts.names[0]}`;
    const id = this.ask(`qsub -terse -S /bin/bash -j y -o ${base}.job -masterq ${queue} ${options} ${base}.sh`).trim();
    return new SgeRun(this, id, base);
  }

  /** Processes on the hosts that are neither SGE's nor the job script. */
  processes(): string[] {
    const own = /sge_(qmaster|execd|shepherd)|qrsh_starter|job_scripts/;
    return this.hosts.names.flatMap((name) =>
      this.hosts
        .processes(name)
        .filter((line) => !own.test(line))
        .map((line) => `${name}: ${line}`),
    );
  }

  down(): void {
    this.hosts.remove();
  }

  run(host: string, line: string): string {
    const [enter, ...args] = this.hosts.enter(host);
    return execFileSync(enter!, [...args, "sh", "-c", line], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin`,
        HOME: this.#path("home"),
        LANG: "C.UTF-8",
        USER: "root",
        SGE_ROOT: this.#path("sge"),
        SGE_CELL: "default",
        SGE_QMASTER_PORT: "6444",
        SGE_EXECD_PORT: "6445",
      },
    });
  }

  #path(name: string): string {
    return join(this.hosts.directory, name);
  }

  /** What Debian's init_cluster does, in a directory of the hosts, and with root as the administrator. */
  #configure(): void {
    const [first] = this.hosts.names;
    for (const place of ["home", "sge/default/common", "spool/qmaster/job_scripts", "spool/db", "spool/execd"])
      mkdirSync(this.#path(place), { recursive: true });
    const addresses = this.hosts.names.map((name, index) => `10.88.0.${index + 1} ${name}`);
    writeFileSync(this.#path("hosts"), ["127.0.0.1 localhost", ...addresses, ""].join("\n"));
    for (const name of this.hosts.names)
      this.run(name, `mount --bind ${this.#path("hosts")} /etc/hosts; mount -t tmpfs none /root`);
    const settings = `admin_user none
default_domain none
ignore_fqdn false
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params ${this.#path("spool/db")}
binary_path ${daemons}
qmaster_spool_dir ${this.#path("spool/qmaster")}
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
`;
    writeFileSync(this.#path("sge/default/common/bootstrap"), settings);
    writeFileSync(this.#path("sge/default/common/act_qmaster"), `${first}\n`);
    const global = readFileSync(`${templates}/default-configuration`, "utf8")
      .replace(/^(execd_spool_dir\s+).*/m, `$1${this.#path("spool/execd")}`)
      .replace(/^(min_[ug]id\s+).*/gm, "$10");
    writeFileSync(this.#path("global"), global);
    this.ask(`cp -a /var/lib/gridengine/bin /var/lib/gridengine/lib /var/lib/gridengine/util* ${this.#path("sge")}
      cd ${tools}; set -e
      ./spoolinit berkeleydb libspoolb ${this.#path("spool/db")} init
      ./spooldefaults configuration ${this.#path("global")}
      ./spooldefaults complexes ${templates}/util/resources/centry
      ./spooldefaults usersets ${templates}/util/resources/usersets
      ./spooldefaults managers root`);
  }

  #addHosts(): void {
    const { names } = this.hosts;
    const [first] = names;
    const write = (name: string, text: string): string => {
      writeFileSync(this.#path(name), text);
      return this.#path(name);
    };
    const environment = `pe_name mpi
slots 999
user_lists NONE
xuser_lists NONE
start_proc_args NONE
stop_proc_args NONE
allocation_rule $fill_up
control_slaves TRUE
job_is_first_task FALSE
urgency_slots min
accounting_summary FALSE
qsort_args NONE
`;
    this.ask(`qconf -ah ${names.join(",")} 2>&1; qconf -as ${names.join(",")} 2>&1; true`);
    this.ask(`qconf -Ap ${write("pe", environment)}`);
    const queue = this.ask("EDITOR=cat qconf -aq all.q 2> /dev/null || true")
      .replace(/^hostlist .*/m, `hostlist ${names.join(" ")}`)
      .replace(/^pe_list .*/m, "pe_list mpi")
      .replace(/^slots .*/m, `slots 1,[${first}=2]`)
      .replace(/^seq_no .*/m, `seq_no 0,${names.map((name, index) => `[${name}=${index + 1}]`).join(",")}`)
      .replace(/^load_thresholds .*/m, "load_thresholds NONE")
      .replace(/^terminate_method .*/m, "terminate_method SIGTERM")
      .replace(/^tmpdir .*/m, "tmpdir /dev/shm") // the hosts share /tmp
      .split("\n")
      .filter((line) => /^\w+ +\S/.test(line));
    this.ask(`qconf -Aq ${write("queue", `${queue.join("\n")}\n`)}`);
    // A job starts at once, and its hosts are in the order of their names.
    const scheduling = this.ask("qconf -ssconf")
      .replace(/^(schedule_interval\s+).*/m, "$10:0:2")
      .replace(/^(queue_sort_method\s+).*/m, "$1seqno")
      .replace(/^(flush_(submit|finish)_sec\s+).*/gm, "$11");
    this.ask(`qconf -Msconf ${write("scheduling", scheduling)}`);
  }

  /** Asks until the answer is as it should be. */
  async #until(line: string, holds: (text: string) => boolean): Promise<void> {
    const deadline = performance.now() + 60_000;
    let answer = "";
    while (performance.now() < deadline) {
      try {
        answer = this.ask(line);
        if (holds(answer)) return;
      } catch (error) {
        answer = (error as Error).message; // the daemon does not answer yet
      }
      await sleep(200);
    }
    throw new Error(`SGE did not come up: ${answer}\n${readFileSync(this.#path("spool/qmaster/messages"), "utf8")}`);
  }
}

/** A job that was submitted. */
export class SgeRun extends SubmittedRun {
  readonly id: string;

  constructor(cluster: SgeCluster, id: string, base: string) {
    super(base, () => cluster.ask(`qstat -j ${id} > /dev/null 2>&1 && echo there || true`) !== "");
    this.id = id;
  }
}
