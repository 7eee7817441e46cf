import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ssh } from "../../../../packages/launcher/src/hosts/ssh/starter.ts";
import type { CommandEnd } from "../../../../packages/launcher/src/hosts/starter.ts";
import { folder } from "../../../support/run-tsmpi.ts";

const page = readFileSync(new URL("../../../../docs/ssh.md", import.meta.url), "utf8");
const b = { name: "b", slots: 1, here: false };
const failed = (printed: string, code = 255): CommandEnd => ({ code, signal: null, printed });

test("the login shell gets words without special characters, and the rest, with the key, by standard input", () => {
  const bin = folder({ ssh: "" });
  chmodSync(join(bin, "ssh"), 0o755);
  vi.stubEnv("PATH", bin);
  const key = new Uint8Array(32).fill(7);
  const there = (): string[] => ["/bin/sh", "-c", `echo "$0" 'a'\nb`, "!x"];
  const [command] = ssh.commands([{ node: 3, host: { ...b, user: "me" } }], there, key);
  vi.unstubAllEnvs();
  const { words, nodes, input, holdsInput, ownGroup } = command!;
  expect(words[0]).toBe(join(bin, "ssh"));
  expect(words.slice(words.indexOf("-l"))).toEqual(["-l", "me", "--", "b", "exec /bin/sh"]);
  expect(words.join(" ")).not.toContain(Buffer.from(key).toString("base64"));
  expect({ nodes, holdsInput, ownGroup }).toEqual({ nodes: [3], holdsInput: true, ownGroup: true });
  expect(input).toBe(
    `export TSMPI_AGENT_INPUT=held TSMPI_AGENT_KEY=${Buffer.from(key).toString("base64")}; exec /bin/sh -c 'echo "$0" '\\''a'\\''\nb' '!x'\n`,
  );
});

test("without ssh the error says so", () => {
  vi.stubEnv("PATH", "/nowhere");
  expect(() => ssh.commands([{ node: 0, host: b }], () => [])).toThrow("ssh was not found in PATH");
  vi.unstubAllEnvs();
});

// What OpenSSH 9.2 prints.
test.each([
  ["ssh: Could not resolve hostname b: Name or service not known\r\n", "no host of that name is known"],
  ["Host key verification failed.\r\n", "its host key is not known yet"],
  [
    "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.\r\n",
    "its host key is not the one that ssh knows",
  ],
  ["root@b: Permission denied (publickey,password).\r\n", "ssh wants a password, or the host does not know your key"],
  ["ssh: connect to host b port 22: Connection refused\r\n", "no sshd listens there"],
  ["ssh: connect to host b port 22: No route to host\r\n", "there is no network to it"],
  ["ssh: connect to host b port 22: Connection timed out\r\n", "it does not answer"],
  [
    "kex_exchange_identification: Connection closed by remote host\r\n",
    "its sshd lets in no more logins at the moment",
  ],
  ["ssh: something new\r\n", "ssh failed"],
])("a failure of ssh is explained, with the command to try: %j", (printed, words) => {
  const { cause } = ssh.explain(b, failed(printed));
  if (words !== "ssh failed") expect(page).toMatch(new RegExp(`^\\| \`${words}`, "m"));
  expect(cause).toContain(words);
  expect(cause).toMatch(/; try: ssh b true$/);
  expect(ssh.explain({ ...b, user: "me" }, failed(printed)).cause).toMatch(/; try: ssh me@b true$/);
});

test("any other exit code is the agent's, or that of a login shell that is none", () => {
  expect(ssh.explain(b, failed("", 71))).toEqual({ agentExit: 71 });
  expect(ssh.explain(b, failed("This account is currently not available.\n", 1)).cause).toBe(
    "what was started there ended with 1: This account is currently not available.",
  );
  expect(ssh.explain(b, { code: null, signal: "SIGTERM", printed: "" })).toEqual({});
});

test.each([
  ["kex_exchange_identification: read: Connection reset by peer\r\n", true],
  ["Connection closed by 10.0.0.1 port 22\r\n", true],
  ["Connection reset by 10.0.0.1 port 22\r\n", true],
  ["ssh: connect to host b port 22: Connection refused\r\n", false],
  ["root@b: Permission denied (publickey).\r\n", false],
])("ssh is tried again when sshd turns it away: %j is %s", (printed, refused) => {
  expect(ssh.isRefusal!(failed(printed))).toBe(refused);
});
