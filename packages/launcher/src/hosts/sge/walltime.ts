import { durationMs } from "../../command/option-values.ts";
import type { Walltime, WalltimeSource } from "../scheduler.ts";
import { answerOf } from "../tools.ts";
import { sgeTool } from "./tools.ts";

const answerMs = 10_000;

export const walltime: WalltimeSource = {
  async ask() {
    const { JOB_ID: job } = process.env;
    if (job === undefined) return undefined;
    return parseLimit(await answerOf(sgeTool("qstat", "it tells the time limit"), ["-j", job], answerMs));
  },
};

/**
 * `hard resource_list: h_rt=600,h_vmem=1G`: the limit that the job asked for. How much of it is used is not told; the session
 * of the job script began with the job. A limit of the queue alone is not seen.
 */
export function parseLimit(text: string): Walltime | undefined {
  const [, limit] = /^hard[ _]resource_list:.*\bh_rt=([\d:]+)/m.exec(text) ?? [];
  return limit === undefined ? undefined : { totalMs: durationMs(limit) };
}
