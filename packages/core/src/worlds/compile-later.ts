import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 optimize functions later, if the ranks of this host have no CPUs beside their own.
 *
 * V8 counts the bytecode that a function runs, and compiles it in other threads when the count reaches a budget. These threads
 * take a rank's CPU while another rank waits for its message. With V8's own budget (135,168) they do so from the 300th message
 * on, and the first 5,000 round trips take 0.4 s. With this budget they take 0.13 s, and the next 15,000 0.35 s instead of 0.2.
 * Measured on two CPUs; kernels of the NAS benchmarks and of PRK take 0.6 to 1.0 of the time.
 *
 * From version 12 on V8 counts calls in place of bytecode. Higher counts were tried there (Node 22, 24, 26): programs that
 * compute became slower. A user's own choice holds.
 */
export function compileLater(ranks: number): void {
  if (ranks < 2 || availableParallelism() >= 2 * ranks || Number.parseInt(process.versions.v8, 10) >= 12) return;
  const options = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""];
  if (!options.some((each) => each.replaceAll("_", "-").includes("--interrupt-budget"))) {
    setFlagsFromString("--interrupt-budget=400000");
  }
}
