import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Why hosts cannot be made here; undefined when they can. */
export const obstacle: string | undefined = findObstacle();

export interface HostOptions {
  /** Every host sees its own, empty /home of the cluster. */
  sharesHome?: boolean;
}

/**
 * A few hosts on one machine, each a process tree with its own network, host name and process ids, joined by a bridge in
 * a namespace of its own: nothing of the machine's network is touched.
 *
 * ```text
 *  host a: docker0 172.17.0.1 (the same on every host)   mgmt0 10.99.0.1 (leads nowhere)   eth0 10.88.0.1 ──┐
 *  host b: docker0 172.17.0.1                            mgmt0 10.99.0.2                   eth0 10.88.0.2 ──┴─ bridge
 * ```
 */
export class Hosts {
  /** Shared by all hosts; short, because addresses of sockets lie below it. */
  readonly directory: string;
  readonly names: readonly string[];
  readonly #inits = new Map<string, { unshare: ChildProcess; pid: number }>();

  private constructor(names: readonly string[]) {
    this.names = names;
    this.directory = mkdtempSync("/tmp/th-");
    mkdirSync(join(this.directory, "home"));
  }

  static async make(names: readonly string[], { sharesHome = true }: HostOptions = {}): Promise<Hosts> {
    const hosts = new Hosts(names);
    try {
      await hosts.#start("hub", "ip link add bridge type bridge forward_delay 0; ip link set bridge up");
      for (const [index, name] of names.entries()) {
        const own = sharesHome ? "" : `mount -t tmpfs none ${hosts.directory}/home;`;
        const dead = (nic: string, address: string): string =>
          `ip link add ${nic} type veth peer name ${nic}x; ip addr add ${address} dev ${nic}; ip link set ${nic} up; ip link set ${nic}x up`;
        await hosts.#start(
          name,
          `${own} mount -t tmpfs none /dev/shm; hostname ${name}; ${dead("docker0", "172.17.0.1/16")}; ${dead("mgmt0", `10.99.0.${index + 1}/24`)}`,
        );
        hosts.#link(name, index);
      }
      return hosts;
    } catch (error) {
      hosts.remove();
      throw error;
    }
  }

  /** What to put before a command so that it runs on a host. */
  enter(name: string): string[] {
    const init = this.#inits.get(name);
    if (init === undefined) throw new Error(`there is no host ${name}`);
    return ["nsenter", "-t", String(init.pid), "-m", "-u", "-n", "-p", "--"];
  }

  /** Runs a line of shell on a host, to its end. */
  shell(name: string, line: string): string {
    const [command, ...args] = this.enter(name);
    return execFileSync(command!, [...args, "sh", "-c", line], { encoding: "utf8", stdio: "pipe" });
  }

  /** The processes of a host that are neither part of its making nor zombies: process id and command line. */
  processes(name: string): string[] {
    const lines = this.shell(name, "ps -eo pid=,stat=,args=").trim().split("\n");
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([pid, stat, ...args]) =>
          pid !== "1" && !stat!.startsWith("Z") && !/^(sleep 3600|ps -eo|sh -c ps)/.test(args.join(" ")),
      )
      .map(([pid, , ...args]) => [pid, ...args].join(" "));
  }

  cut(name: string): void {
    this.shell("hub", `ip link set to-${name} down`);
  }

  mend(name: string): void {
    this.shell("hub", `ip link set to-${name} up`);
  }

  /** Ends every process of every host. */
  remove(): void {
    for (const { unshare, pid } of this.#inits.values()) {
      unshare.kill("SIGKILL");
      // Who has entered a host stops when what it started there is stopped, and would stay so when that is gone.
      spawnSync("pkill", ["-KILL", "-f", `^nsenter -t ${pid} `]);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #start(name: string, setUp: string): Promise<void> {
    const script = `${setUp}; ip link set lo up; echo ready; trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done`;
    const spaces = ["--fork", "--kill-child", "--pid", "--mount-proc", "--mount", "--uts", "--net"];
    const unshare = spawn("unshare", [...spaces, "bash", "-ec", script], { stdio: ["ignore", "pipe", "inherit"] });
    await Promise.race([
      once(unshare.stdout!, "data"),
      once(unshare, "exit").then(() => Promise.reject(new Error(`host ${name} did not start`))),
    ]);
    const [pid] = readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8").trim().split(" ");
    this.#inits.set(name, { unshare, pid: Number(pid) });
  }

  #link(name: string, index: number): void {
    const { pid } = this.#inits.get(name)!;
    const hub = this.#inits.get("hub")!;
    const ip = (line: string): unknown =>
      execFileSync("nsenter", ["-t", String(hub.pid), "-n", "--", "ip", ...line.split(" ")]);
    ip(`link add to-${name} type veth peer name eth0 netns ${pid}`);
    ip(`link set to-${name} master bridge up`);
    this.shell(name, `ip addr add 10.88.0.${index + 1}/24 dev eth0; ip link set eth0 up`);
  }
}

function findObstacle(): string | undefined {
  try {
    execFileSync(
      "unshare",
      ["--fork", "--pid", "--mount-proc", "--mount", "--uts", "--net", "ip", "link", "add", "x", "type", "bridge"],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    execFileSync("ps", ["--version"], { stdio: "ignore" });
    execFileSync("nft", ["--version"], { stdio: "ignore" }); // closes ports
    return undefined;
  } catch (error) {
    const { stderr, message } = error as { stderr?: Buffer; message: string };
    return `network namespaces cannot be made here: ${stderr?.toString().trim() || message}`;
  }
}
