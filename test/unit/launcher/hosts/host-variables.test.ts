import { hostname } from "node:os";
import { expect, it } from "vitest";
import { hostVariables } from "../../../../packages/launcher/src/hosts/host-variables.ts";

const shell = {
  A: "1",
  HOSTNAME: "first",
  CUDA_VISIBLE_DEVICES: "0",
  ZE_AFFINITY_MASK: "0",
  SSH_AUTH_SOCK: "/tmp/ssh-first/agent",
  XDG_RUNTIME_DIR: "/run/user/1",
  TMPDIR: "/nowhere/of-the-first-host",
};

it("variables of a host come from that host, all others from the launching shell", () => {
  const own = { A: "2", B: "2", CUDA_VISIBLE_DEVICES: "3", XDG_RUNTIME_DIR: "/run/user/2", TMPDIR: "/scratch" };
  expect(hostVariables(shell, own, false)).toEqual({
    A: "1",
    HOSTNAME: hostname(),
    CUDA_VISIBLE_DEVICES: "3",
    ZE_AFFINITY_MASK: "0", // this host says nothing of it
    XDG_RUNTIME_DIR: "/run/user/2",
    TMPDIR: "/scratch",
  });
});

it("what the shell does not have is not taken from the host, and a directory that is here stays", () => {
  expect(hostVariables({ TMPDIR: "/tmp" }, { HOSTNAME: "x", SSH_TTY: "y", TMPDIR: "/scratch" }, false)).toEqual({
    TMPDIR: "/tmp",
  });
});

it("a scheduler that knows of GPUs has decided about them", () => {
  expect(hostVariables(shell, { CUDA_VISIBLE_DEVICES: "3" }, true)).toMatchObject({ CUDA_VISIBLE_DEVICES: "0" });
});
