import { describe, expect, it } from "vitest";
import { runScript } from "../support/run-tsmpi.ts";

// The rank's side of the protocol by hand: what `@tsmpi/core` says in init() and at the end.
const prelude = `import { createConnection } from "node:net";
  const rank = Number(process.env.TSMPI_RANK);
  const waiting = [];
  const heard = [];
  const socket = createConnection(process.env.TSMPI_SOCKET);
  let rest = "";
  socket.on("data", (bytes) => {
    const lines = (rest + bytes).split("\\n");
    rest = lines.pop();
    heard.push(...lines.map((line) => JSON.parse(line)));
    for (const look of [...waiting]) look();
  });
  const tell = (message) => new Promise((resolve) => socket.write(JSON.stringify(message) + "\\n", resolve));
  const hear = (kind) => new Promise((resolve) => {
    const look = () => { const found = heard.find((message) => message.kind === kind); if (found) resolve(found); };
    waiting.push(look); look();
  });
  const hello = () => tell({ kind: "hello", rank, pid: process.pid, thread: 0 });
  const init = async () => {
    await hello();
    const { directory, host } = await hear("welcome");
    await tell({ kind: "ready", endpoints: ["ipc://" + directory + "/" + rank] });
    return { host, ...(await hear("table")) };
  };
`;

describe("ranks in a world", () => {
  it("are told who all are, as soon as all are ready", async () => {
    const script = `${prelude} const { host, peers } = await init();
      console.log(peers.every((peer, index) => peer.rank === index && peer.host === host && peer.endpoints[0].endsWith("/" + index)), peers.length);
      socket.end();`;
    const { code, stdout, stderr } = await runScript(script, ["-n", "3"]);
    expect(stderr).not.toMatch(/rank \d/);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "true 3\n".repeat(3) });
  });

  it("are told how others end, and how much those have sent", async () => {
    const script = `${prelude} await init();
      if (rank === 0) { await tell({ kind: "left", sent: { 1: 42 } }); process.exit(0); }
      const { ending, sent } = await hear("ended");
      console.log(ending.rank, ending.code, ending.pid > 1, sent[1]); process.exit(0);`;
    const { code, stdout } = await runScript(script, ["-n", "2"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "0 0 true 42\n" });
  });

  it("are told at once who failed, and have a moment to say so", async () => {
    const script = `${prelude} await init();
      if (rank === 1) process.kill(process.pid, "SIGKILL");
      const { ending } = await hear("failed");
      console.log("lost", ending.rank, ending.signal); process.exit(1);`;
    const { code, stdout, stderr } = await runScript(script, ["-n", "3"]);
    expect({ code, stdout }).toEqual({ code: 137, stdout: "lost 1 SIGKILL\n".repeat(2) });
    expect(stderr.match(/tsmpi: rank/g)).toHaveLength(1);
  });

  it("end together when one of them calls abort()", async () => {
    const script = `${prelude} await init();
      if (rank === 2) await tell({ kind: "abort", code: 5, reason: "no convergence" });
      const { reason } = await hear("stopping"); console.log(reason.includes("no convergence")); process.exit(0);`;
    const { code, stdout, stderr } = await runScript(script, ["-n", "3"]);
    expect({ code, stdout }).toEqual({ code: 5, stdout: "true\n".repeat(3) });
    expect(stderr).toMatch(/tsmpi: rank 2 of 3 on \S+ called abort\(5\): no convergence; stopping the other ranks\n/);
  });

  it("give exit code 1 when abort() was called with 0", async () => {
    const script = `${prelude} await init(); await tell({ kind: "abort", code: 0, reason: "" }); process.exit(0);`;
    expect((await runScript(script, ["-n", "1"])).code).toBe(1);
  });

  it("are told that the time is up", async () => {
    const script = `${prelude} await init(); console.log((await hear("stopping")).reason); process.exit(0);`;
    const { code, stdout } = await runScript(script, ["-n", "2", "--timeout", "2"]);
    expect({ code, stdout }).toEqual({ code: 124, stdout: "time limit of 2 s reached\n".repeat(2) });
  });
});

describe("a world that can never form is an error", () => {
  it.each([
    [
      "a rank ends before the others call init()",
      `if (rank === 1) process.exit(0); await new Promise((r) => setTimeout(r, 1000)); await init();`,
      "before calling init()",
    ],
    [
      "a rank ends after the others called init()",
      `if (rank === 1) { await new Promise((r) => setTimeout(r, 1000)); process.exit(0); } await init();`,
      "before calling init()",
    ],
    [
      "a rank ends within init()",
      `if (rank === 1) { await hello(); process.exit(0); } await init();`,
      "before init() had finished",
    ],
  ])("when %s", async (_name, script, words) => {
    const { code, stderr } = await runScript(prelude + script, ["-n", "3"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/tsmpi: rank 1 of 3 on \S+ \(pid \d+\) ended/);
    expect(stderr).toContain(words);
    expect(stderr.match(/tsmpi: rank/g)).toHaveLength(1);
  });
});

it("messages that make no sense to the agent are ignored", async () => {
  const script = `${prelude} await tell("text"); await tell(null); await tell({ kind: "other" }); await tell({ a: 1 }); process.exit(0);`;
  expect((await runScript(script, ["-n", "2"])).code).toBe(0);
});
