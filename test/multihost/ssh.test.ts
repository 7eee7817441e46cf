import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { multihost } from "../support/multihost.ts";
import { until } from "../support/run-tsmpi.ts";
import { SshHosts, sshIsPossible } from "../support/ssh-hosts.ts";
import { full } from "../support/tier.ts";

/** Every Debian has the first two. The others have quoting of their own. */
const shells = ["/bin/bash", "/bin/dash", ...(full ? ["/usr/bin/zsh", "/usr/bin/tcsh", "/usr/bin/fish"] : [])];

describe.runIf(multihost.possible && sshIsPossible)("hosts that ssh reaches", () => {
  let ssh: SshHosts;
  /** The home of the cluster is not shared, so that no file helps the agents. */
  beforeAll(async () => {
    ssh = await SshHosts.make(["a", "b", "c"], { sharesHome: false });
  });
  afterAll(() => ssh?.hosts.remove());

  const nothingLeft = async (): Promise<void> => {
    await until(() => ssh.leftovers().length === 0, `nothing is left of ${ssh.leftovers().join("\n")}`);
    const files = ssh.hosts.names.map((name) =>
      ssh.hosts.shell(name, `ls -A ${ssh.hosts.directory}/home; ls -A /dev/shm`),
    );
    expect(files).toEqual(["", "", ""]);
  };

  test.each(shells)(
    "have the ranks of --hostfile, with all that the shell has and a login does not: %s",
    async (shell) => {
      if (!existsSync(shell)) throw new Error(`${shell} is not installed`);
      for (const name of ["b", "c"]) ssh.changeShell(name, shell);
      writeFileSync(join(ssh.hosts.directory, "mine"), "a slots=2 # here\n\nroot@b slots=1\nc max_slots=1\n");
      const setUp = `export FROM_SHELL='a b\n!$c"'; umask 027; ulimit -c 0; mkdir -p 'w !x'; cd 'w !x'`;
      const show =
        'echo "$TSMPI_RANK|$(hostname)|$FROM_SHELL|$1|$(pwd)|$(umask)|$(ulimit -c)|$SSH_CONNECTION" | tr "\\n" " "; echo';
      const { stdout, stderr, code } = await ssh.script(
        `${setUp}; tsmpi exec --hostfile ../mine sh -c '${show}' sh '!hi $x' | sort`,
      ).result;
      const each = (host: string, rank: number): string =>
        `${rank}|${host}|a b !$c"|!hi $x|${ssh.hosts.directory}/w !x|0027|0| \n`;
      expect({ stdout, stderr, code }).toEqual({
        stdout: ["a", "a", "b", "c"].map(each).join(""),
        stderr: "",
        code: 0,
      });
      await nothingLeft();
    },
  );

  test("pass on input, output, signals and exit codes", async () => {
    const { stdout, stderr, code } = await ssh.script(`echo hello | tsmpi exec --hosts b sh -c 'tr a-z A-Z; exit 7'`)
      .result;
    expect({ stdout, code }).toEqual({ stdout: "HELLO\n", code: 7 });
    expect(stderr).toMatch(/rank 0 of 1 on b \(pid \d+\) ended with exit code 7/);
    const running = ssh.script(
      `tsmpi exec --hosts b sh -c 'trap "echo got it; exit 3" TERM; echo up; while :; do sleep 0.1; done'`,
    );
    await running.shows("up");
    ssh.hosts.shell("a", "pkill -TERM -f '[t]smpi.js exec'");
    expect((await running.result).stdout).toBe("up\ngot it\n");
    await nothingLeft();
  });

  test("keep nothing when the launcher is killed, or its ssh", async () => {
    const running = ssh.script(`tsmpi exec --hosts b,c sh -c 'echo up; sleep 1000'`);
    await running.shows("up", 2);
    ssh.hosts.shell("a", "pkill -KILL -x ssh");
    const still = ssh.leftovers();
    expect(still.filter((line) => / \d+ sleep 1000$/.test(line))).toHaveLength(2);
    ssh.hosts.shell("a", "pkill -KILL -f '[t]smpi.js exec'");
    await running.result;
    await nothingLeft();
  });

  test("that cannot be used are named, each with its reason and the command to try", async () => {
    ssh.hosts.shell("b", "echo > /etc/ssh/authorized_keys");
    ssh.hosts.shell("a", "sed -i /^c,/d /etc/ssh/known_hosts");
    ssh.stop("a");
    const { stderr, code } = await ssh.script("tsmpi exec --starter ssh --hosts a,b,c,nosuch true").result;
    expect(code).toBe(125);
    const said = (host: string): string => new RegExp(`^${host} .*$`, "m").exec(stderr)?.[0] ?? stderr;
    expect(said("a")).toMatch(/ no sshd listens there; try: ssh a true$/);
    expect(said("b")).toMatch(/ ssh wants a password, or the host does not know your key: .*; try: ssh b true$/);
    expect(said("c")).toMatch(/ its host key is not known yet: .*; try: ssh c true$/);
    expect(said("nosuch")).toMatch(/ no host of that name is known: .*; try: ssh nosuch true$/);
    await nothingLeft();
  });
});
