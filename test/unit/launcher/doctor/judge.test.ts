import { describe, expect, it } from "vitest";
import type { Facts, Links, ProbedHost } from "../../../../packages/launcher/src/doctor/facts.ts";
import { judge } from "../../../../packages/launcher/src/doctor/judge.ts";

const facts: Facts = {
  nodePath: "/usr/bin/node",
  nodeVersion: "v22.1.0",
  version: "0.1.0",
  directory: "shared",
  openFiles: 1024,
  cpus: 8,
  memoryBytes: 8 * 2 ** 30,
  temporary: "/tmp",
  temporaryBytes: 2 ** 30,
  certificatesMs: 4,
};

/** Hosts a and b, all well but for what is given for b. */
function hosts(changes: Partial<Facts> = {}, links: Links = { links: { 0: { roundTripMs: 0.2 } } }): ProbedHost[] {
  return [
    { name: "a", slots: 4, facts, links: { links: { 1: { roundTripMs: 0.25 } } } },
    { name: "b", slots: 4, facts: { ...facts, ...changes }, links },
  ];
}

describe("the doctor", () => {
  it("finds nothing where all is well, and shows a line for each host", () => {
    const { table, problems, notes } = judge(hosts(), "/home/x");
    expect({ problems, notes }).toEqual({ problems: [], notes: [] });
    expect(table.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual(["host", "a", "b"]);
    expect(table).toMatch(/^a +4 +8 +0\.1\.0 +v22\.1\.0 +shared +1024 +any +8 GiB +1 GiB +first +1 of 1, 0\.3 ms +\//m);
  });

  it.each<[string, Partial<Facts>]>([
    ["tsmpi 0.0.9, elsewhere 0.1.0", { version: "0.0.9" }],
    ["Node.js v20.19.0, elsewhere v22.1.0", { nodeVersion: "v20.19.0" }],
    ["there is no directory /home/x", { directory: "missing" }],
    ["/home/x is not the launcher's", { directory: "another" }],
    ["only 256 open files are allowed (ulimit -n), 8 ranks may need 304", { openFiles: 256 }],
    ["only 100 processes are allowed (ulimit -u), its ranks may need 128", { processes: 100 }],
    ["ranks need 1 GiB and have 953 MiB of addresses (ulimit -v)", { addressSpace: 1e9 }],
    ["ranks need 286 MiB and have 95 MiB of data (ulimit -d)", { dataBytes: 1e8 }],
    ["ranks need 1 MiB and have 0 MiB of a file (ulimit -f)", { fileBytes: 0 }],
    ["ranks need 1 MiB and have 0 MiB of stack (ulimit -s)", { stackBytes: 512 << 10 }],
    ["neither /dev/shm nor TMPDIR /tmp has 16 MiB free", { memoryBytes: 1, temporaryBytes: 1 }],
    ["30 more threads are allowed (ulimit -u), its ranks need 36", { processes: 200, threadsLeft: 30 }],
    ["zeromq has no binary; ranks on several hosts cannot talk", { broken: { zeromq: "zeromq has no binary" } }],
    ["esbuild has no binary; scripts cannot be transformed", { broken: { esbuild: "esbuild has no binary" } }],
  ])("says what is wrong: %s", (words, changes) => {
    const { problems } = judge(hosts(changes), "/home/x");
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`b: ${words}`);
  });

  it("reports a TMPDIR that cannot be written to", () => {
    const [a, b] = hosts();
    const { temporaryBytes: _, ...rest } = facts;
    expect(judge([a!, { ...b!, facts: rest }], "/home/x").problems).toEqual(["b: TMPDIR /tmp cannot be written to"]);
  });

  it.each<[string, Partial<Facts>]>([
    ["Node.js v22.2.0", { nodeVersion: "v22.2.0" }],
    ["/dev/shm has 0 MiB free, too little for 4 ranks", { memoryBytes: 1 }],
    ["koffi has no binary; ranks of this host do not share memory", { broken: { koffi: "koffi has no binary" } }],
    ["each run transforms the script anew: no home", { forgets: "no home" }],
    ["ulimit -v leaves 2 GiB of addresses: arrays have less room", { addressSpace: 3e9 }],
    ["a rank is killed after 60 s of CPU time (ulimit -t", { cpuSeconds: 60 }],
    ["4 slots on 2 CPUs", { cpus: 2 }],
    ["whether /home/x is shared is not known", { directory: "unknown" }],
    ["each rank starts 64 ms later because NODE_EXTRA_CA_CERTS is set", { certificatesMs: 63.7 }],
  ])("notes what is odd and no reason not to run: %s", (words, changes) => {
    const { problems, notes } = judge(hosts(changes), "/home/x");
    expect(problems).toEqual([]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`b: ${words}`);
  });

  it("tells which pairs do not reach each other, and whose clock is off", () => {
    const deaf = hosts({}, { links: { 0: { reason: "timed out" } } });
    expect(judge(deaf, "/").problems).toEqual(["b: no message came back from a: timed out"]);
    const early = hosts({}, { links: { 0: { roundTripMs: 1 } }, clockMs: -2500 });
    expect(judge(early, "/").problems).toEqual(["b: its clock is 2.5 s behind"]);
    expect(judge(early, "/").table).toContain("-2500 ms");
  });

  it("names hosts that sent no facts, with what they printed", () => {
    const [a] = hosts();
    const { problems, table } = judge([a!, { name: "b", slots: 1, complaint: "no such file" }], "/");
    expect(problems).toEqual(["b: nothing was heard from this host: no such file"]);
    expect(table).toMatch(/^b +1 +\?/m);
  });
});
