import { Agent } from "../agent.ts";
import { inProcess, type Order, type Report } from "../control.ts";
import type { Starter } from "../starter.ts";

/** The launcher's own host needs no other process: the agent lives in the launcher, and their link is two queues. */
export const inThisProcess: Starter = {
  name: "in-process",
  serves: (host) => host.here,
  async start() {
    const [ours, agents] = inProcess<Order, Report>();
    new Agent(agents);
    return ours;
  },
  preview: () => undefined,
};
