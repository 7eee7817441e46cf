import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { command } from "../support/run-tsmpi.ts";
import { full } from "../support/tier.ts";

/** What is wrong with host b of a, b and c. */
interface Fault {
  what: string;
  make(): void;
  /** What the launch and the doctor say of b: as in the table of docs/pbs.md, and in full. */
  documented: string;
  says: RegExp;
  /**
   * The quick tier asks the doctor about one fault of each stage: not started, started, not connected. It takes its words
   * from where the launch takes them.
   */
  askDoctor?: boolean;
}

const launcher = dirname(dirname(command));
let hosts: Hosts;
let job: PbsJob;

const onB = (line: string): string => hosts.shell("b", line);
const hide = (folder: string): void => void onB(`mount -t tmpfs none ${join(launcher, folder)}`);
/** In place of node on b, which is at `real` then. */
const disguise = (script: string): void => {
  const fake = join(hosts.directory, "fake-node");
  writeFileSync(fake, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  writeFileSync(join(hosts.directory, "real"), "");
  onB(`cd ${hosts.directory}; mount --bind ${process.execPath} real; mount --bind fake-node ${process.execPath}`);
};
const pretend = (what: string): void => {
  writeFileSync(join(hosts.directory, "pretend.cjs"), what);
  disguise(`exec ${hosts.directory}/real --require ${hosts.directory}/pretend.cjs "$@"`);
};

const faults: Fault[] = [
  {
    what: "node is not there",
    make: () => void onB(`mount --bind /dev/null ${process.execPath}`),
    documented: "node was not found there",
    says: /node was not found there, at \/\S+, nor in PATH: install it, or say where it is with --node PATH/,
    askDoctor: true,
  },
  {
    what: "libraries of node are not there",
    make: () => disguise("exit 127"),
    documented: "node cannot run there",
    says: /node cannot run there: libraries that \/\S+ needs are missing/,
  },
  {
    what: "node is too old",
    make: () =>
      pretend('Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.0" } });'),
    documented: "is too old there",
    says: /Node\.js at \/\S+ is too old there: 20\.19 or newer is needed/,
  },
  {
    what: "node is another one",
    make: () => pretend('Object.defineProperty(process, "version", { value: "v99.1.0" });'),
    documented: "there, v22.1.0 here",
    says: /Node\.js v99\.1\.0 there, v\d+\.\S+ here/,
  },
  {
    what: "tsmpi is not there",
    make: () => hide("bin"),
    documented: "tsmpi was not found there",
    says: /tsmpi was not found there: \/\S+agent-main\.js has to be at the same place on all hosts/,
  },
  {
    what: "tsmpi is incomplete",
    make: () => hide("dist"),
    documented: "is incomplete there",
    says: /tsmpi at \/\S+ is incomplete there/,
    askDoctor: true,
  },
  {
    what: "there is no home directory",
    make: () => void job.broken.set("b", "homeless"),
    documented: "PBS cannot start a task there",
    says: /PBS cannot start a task there \(error 15010\): the home directory is missing/,
    askDoctor: true,
  },
  {
    what: "its mom is dead",
    make: () => void job.broken.set("b", "silent"),
    documented: "pbsdsh still waits for this host",
    says: /pbsdsh still waits for this host: the host or its pbs_mom hangs, or a firewall keeps it from connecting to a/,
  },
  {
    what: "it cannot reach the first host, which reaches it",
    // What opens a connection from there is dropped; answers are not.
    make: () =>
      void onB(
        "nft add table ip t; nft add chain ip t o '{ type filter hook output priority 0; }'; nft add rule ip t o oifname eth0 'tcp flags & (syn | ack) == syn' drop",
      ),
    documented: "a firewall lets connections through one way only",
    says: /b cannot reach a; a reaches b: a firewall lets connections through one way only/,
    askDoctor: true,
  },
  {
    what: "there is no way to the first host",
    make: () => hosts.cut("b"),
    documented: "a firewall, or no network between them",
    says: /b cannot reach a; a cannot reach b either: a firewall, or no network between them/,
  },
];

multihost.each(faults)("a host on which $what", ({ make, says, askDoctor = full }) => {
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b", "c"]);
    job = new PbsJob(hosts, ["a", "b", "c", "b"], "openpbs");
    make();
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("is named with the reason in the table of hosts, and the others are ready", async () => {
    const { code, stdout, stderr } = await job.script("tsmpi exec --launch-timeout 9 hostname").result;
    expect({ code, stdout }, stderr).toEqual({ code: 125, stdout: "" });
    expect(stderr).toMatch(/^tsmpi: 1 of 2 agents did not connect (at all|within 9 s \(--launch-timeout\))$/m);
    expect(stderr).toMatch(/^a +ready *$/m);
    expect(stderr).toMatch(new RegExp(`^b +(asked|started|authenticated) +${says.source}`, "m"));
    expect(stderr).toMatch(/^c +ready *$/m);
  });

  if (!askDoctor) return;
  test("is named by the doctor, who looks at the others", async () => {
    const { code, stdout } = await job.script("tsmpi doctor --launch-timeout 9").result;
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/^a +1 .* first +1 of 2, /m);
    expect(stdout).toMatch(/^c +1 .* shared .* 1 of 2, /m);
    expect(stdout.match(/^wrong: .*/gm)).toEqual([expect.stringMatching(new RegExp(`^wrong: b: ${says.source}`))]);
  });
});

describe.runIf(multihost.possible)("a host on which no file can be written", () => {
  test("is named, with the directory", async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a", "b"], "openpbs");
    try {
      const tiny = join(hosts.directory, "tiny");
      onB(`mkdir ${tiny}; mount -t tmpfs -o size=4k none ${tiny}; head -c 4096 /dev/zero > ${tiny}/full`);
      writeFileSync(join(hosts.directory, "x.mjs"), "1");
      const { code, stderr } = await job.script(`TSMPI_TMPDIR=${tiny} tsmpi run x.mjs`).result;
      expect(code).toBe(125);
      expect(stderr).toMatch(
        /^tsmpi: cannot start the ranks: no space left on device in \S+\/tiny\/tsmpi-\S+ \(on b\)$/m,
      );
    } finally {
      job.end();
      hosts.remove();
    }
  });
});

test("each fault is in the table of docs/pbs.md, in the words of its message", () => {
  const page = readFileSync(fileURLToPath(new URL("../../docs/pbs.md", import.meta.url)), "utf8");
  const rows = [...page.matchAll(/^\| (?:\.\.\. )?`([^`]+)`.* \| .+ \|$/gm)].map(([, message]) => message);
  for (const { documented, says } of faults) {
    expect(rows).toContain(documented);
    const words = documented.replace("v22.1.0", "").replace(/\W+/g, ".*");
    expect(says.source.replaceAll("\\", "")).toMatch(new RegExp(words));
  }
});
