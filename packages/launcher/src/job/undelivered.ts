import { reachAdvice } from "@tsmpi/core/bootstrap";
import { exitCodes } from "../errors/exit-codes.ts";
import type { Report } from "../link/messages.ts";
import type { Underway } from "../reports/deadlock.ts";
import { count } from "../reports/table.ts";
import type { JobEnd } from "./job-end.ts";
import type { RankStates } from "./rank-states.ts";

/**
 * Stops the job when a message cannot reach its rank: no rank is to wait for it, and none to believe that it has
 * arrived.
 */
export class Undelivered {
  readonly #ranks: RankStates;
  readonly #end: JobEnd;
  readonly #canSpare: (hosts: readonly string[]) => boolean;

  /** @param canSpare whether the job goes on without one of two hosts that cannot reach each other */
  constructor(ranks: RankStates, end: JobEnd, canSpare: (hosts: readonly string[]) => boolean) {
    this.#ranks = ranks;
    this.#canSpare = canSpare;
    this.#end = end;
  }

  /** `attempts` has a line for each address that was tried. */
  report(sender: string, host: string, dest: number, attempts: string): void {
    if (this.#canSpare([host, this.#ranks.hostOf(dest)])) return;
    const what = `${sender} cannot reach ${this.#ranks.name(dest)}`;
    const sentence = `${what}: what it has sent there is not delivered; ${reachAdvice}\n${attempts}\n  stopping all ranks`;
    this.#end.stop(exitCodes.launch, what, sentence, "undelivered");
  }

  /** A connection carries nothing any more. */
  stalled({ rank, dest, from, to, seconds }: Extract<Report, { kind: "stalled" }>, host: string): void {
    const sender = rank === undefined ? `host ${host}` : this.#ranks.name(rank, host);
    const outcome = `no answer for ${seconds} s to what was sent; the connection had worked before`;
    this.report(sender, host, dest, `  ${host} ${from} -> ${this.#ranks.hostOf(dest)} ${to}  ${outcome}`);
  }

  /** Packets that no rank will send again. */
  lost({ source, dest, packets }: Underway, why: string): void {
    const [from, to] = [source, dest].map((rank) => this.#ranks.name(rank));
    const what = `${count(packets, "packet")} that ${from} sent never arrived at ${to}`;
    const endpoints = this.#ranks.addresses.get(dest)?.endpoints ?? [];
    const at = endpoints.filter((endpoint) => endpoint.startsWith("tcp:")).join(" ");
    const sentence = `${what} (${at}): ${why}; ${reachAdvice}; stopping all ranks`;
    this.#end.stop(exitCodes.launch, what, sentence, "undelivered");
  }
}
