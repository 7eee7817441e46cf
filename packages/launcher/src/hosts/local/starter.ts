import { isatty } from "node:tty";
import type { InProcessStarter } from "../starter.ts";
import { isInteractive } from "../task.ts";

/**
 * The launcher's own host needs no other process: the agent lives in the launcher, and their link is two queues.
 *
 * Not in a scheduler's interactive job whose ranks may not leave the session: there the terminal's Ctrl-C would reach
 * them twice, from the terminal and through the launcher.
 */
export const inThisProcess: InProcessStarter = {
  kind: "in-process",
  name: "in-process",
  serves: ({ here, user, place }) =>
    here && user === undefined && !(place !== undefined && isInteractive() && isatty(0)),
};
