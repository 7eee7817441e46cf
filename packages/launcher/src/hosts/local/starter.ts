import { isatty } from "node:tty";
import type { Starter } from "../starter.ts";

/**
 * The launcher's own host needs no other process: the agent lives in the launcher, and their link is two queues.
 *
 * Not in an interactive PBS job: there ranks may not leave the session, so the terminal's Ctrl-C would reach them twice,
 * from the terminal and through the launcher.
 */
export const inThisProcess: Starter = {
  name: "in-process",
  serves: ({ here, line }) => here && !(line !== undefined && isInteractive()),
  command: () => undefined,
};

function isInteractive(): boolean {
  return process.env["PBS_ENVIRONMENT"] === "PBS_INTERACTIVE" && isatty(0);
}
