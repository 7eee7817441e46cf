import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "vitest";
import type { HostOptions, Hosts } from "./hosts.ts";
import { makeHosts } from "./multihost.ts";
import { command, Running } from "./run-tsmpi.ts";

const sshd = "/usr/sbin/sshd";

/** Where there is no sshd, CI fails; elsewhere the tests are left out, and the summary says why. No service needs to run. */
export const sshIsPossible: boolean = existsSync(sshd);
const missing = `there is no ${sshd}: install Debian's openssh-server`;
if (!sshIsPossible && process.env["CI"] === undefined) {
  it.skip(`SSH IS NOT TESTED: ${missing}`, () => {});
} else if (!sshIsPossible) {
  it("has an sshd", () => {
    throw new Error(missing);
  });
}

/**
 * Hosts that reach each other by ssh, each with OpenSSH's own sshd, configuration and keys below its own /etc/ssh: no file
 * and no service of the machine is touched. The first one is where commands are typed.
 */
export class SshHosts {
  readonly hosts: Hosts;

  private constructor(hosts: Hosts) {
    this.hosts = hosts;
  }

  static async make(names: readonly string[], options?: HostOptions): Promise<SshHosts> {
    return SshHosts.on(await makeHosts(names, options));
  }

  /** Starts an sshd on each of these hosts. */
  static on(hosts: Hosts): SshHosts {
    const made = new SshHosts(hosts);
    try {
      made.#setUp();
      return made;
    } catch (error) {
      hosts.remove();
      throw error;
    }
  }

  /** Runs a line of shell on the first host, in which `tsmpi` is the command. */
  script(line: string, env: Record<string, string> = {}): Running {
    const { directory, names } = this.hosts;
    const [enter, ...args] = this.hosts.enter(names[0]!);
    const text = `tsmpi() { "${process.execPath}" "${command}" "$@"; }; cd ${directory}; ${line}`;
    const own = { ...process.env, HOME: join(directory, "home"), ...env };
    return new Running(spawn(enter!, [...args, "bash", "-c", text], { stdio: ["ignore", "pipe", "pipe"], env: own }));
  }

  /** What is left of jobs on all hosts: neither sshd itself nor what makes the hosts. */
  leftovers(): string[] {
    const all = this.hosts.names.flatMap((name) => this.hosts.processes(name).map((line) => `${name}: ${line}`));
    return all.filter((line) => !isSshd.test(line));
  }

  /** Ends a host's sshd. */
  stop(name: string): void {
    this.hosts.shell(name, "kill $(cat /run/sshd.pid)");
  }

  /** Gives the user another login shell on a host. */
  changeShell(name: string, shell: string): void {
    this.hosts.shell(
      name,
      `umount /etc/passwd 2> /dev/null; sed '/^root:/ s|[^:]*$|${shell}|' /etc/passwd > /run/passwd; mount --bind /run/passwd /etc/passwd`,
    );
  }

  #setUp(): void {
    const { names, directory } = this.hosts;
    const keys = join(directory, "keys");
    mkdirSync(keys, { mode: 0o700 });
    for (const name of ["user", ...names]) keygen(join(keys, name));
    const address = (index: number): string => `10.88.0.${index + 1}`;
    const known = names.map((name, index) => `echo ${name},${address(index)} $(cut -d ' ' -f 1,2 ${keys}/${name}.pub)`);
    const lines = names.map((name, index) => `${address(index)} ${name}`);
    writeFileSync(join(directory, "hosts-file"), `127.0.0.1 localhost\n${lines.join("\n")}\n`);
    writeFileSync(join(keys, "ssh_config"), client);
    writeFileSync(join(keys, "sshd_config"), server);
    for (const name of names) {
      this.hosts.shell(
        name,
        `set -e; mount --bind ${directory}/hosts-file /etc/hosts
        mount -t tmpfs none /etc/ssh; mount -t tmpfs none /run; mkdir -m 755 /run/sshd; mount -t tmpfs none /root
        cd ${keys}; cp ssh_config sshd_config user user.pub /etc/ssh; cp ${name} /etc/ssh/host_key; cp user.pub /etc/ssh/authorized_keys
        chmod 600 /etc/ssh/*; { ${known.join("; ")}; } > /etc/ssh/known_hosts; chmod 755 /etc/ssh
        ${sshd}`,
      );
    }
  }
}

function keygen(path: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);
}

/** A process that is sshd itself, and nothing that it has started. */
export const isSshd: RegExp = /^\S+: \d+ (sshd: |\/usr\/sbin\/sshd)/;

const client = `Host *
  IdentityFile /etc/ssh/user
  IdentitiesOnly yes
  GlobalKnownHostsFile /etc/ssh/known_hosts
  UserKnownHostsFile /etc/ssh/known_hosts.user
`;

const server = `HostKey /etc/ssh/host_key
PidFile /run/sshd.pid
PermitRootLogin yes
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
`;
