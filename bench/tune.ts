import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Operation } from "../packages/core/src/collectives/choose.ts";
import { outputOf, path, tsmpiRun } from "./contender.ts";
import { describeMachine } from "./machine.ts";
import { median, rowsOf } from "./measure.ts";
import { choices, cutsArrays, operations, variableOf } from "./overrides.ts";

/**
 * Measures each collective by each of its algorithms, in real processes on this host, in interleaved rounds, and says
 * where the fastest is not the one that choose.ts takes.
 *
 *     node --import tsmpi/register bench/tune.ts [--ranks 2,4,8] [--only allreduce] [--rounds 5] [--bytes 8,1024,65536]
 *
 * `--bytes` are those of each rank's part; bcast, reduce and allreduce, whose algorithms cut one array, take those of
 * `--large` besides. Algorithms that need several hosts are left out.
 */
const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "2,4,8" },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "5" },
    bytes: { type: "string", default: "8,1024,8192,65536" },
    large: { type: "string", default: "262144,1048576" },
  },
});

/** A choice that is slower by less than this is as good. */
const noticeable = 1.05;

interface Line {
  operation: string;
  ranks: number;
  bytes: number;
  /** Microseconds, medians of the rounds. */
  medians: Record<string, number>;
  chosen: string;
  best: string;
}

const only = values.only.split(",");
const wanted = operations.filter((operation) => only.some((start) => operation.startsWith(start)));
const lines: Line[] = [];
console.log("| collective | ranks | bytes | algorithms (us) | choose.ts | fastest |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const operation of wanted) for (const n of values.ranks.split(",").map(Number)) await tune(operation, n);
mkdirSync(path("results"), { recursive: true });
writeFileSync(path("results/tune.json"), `${JSON.stringify({ machine: describeMachine(), lines }, undefined, 2)}\n`);

async function tune(operation: Operation, n: number): Promise<void> {
  const sizes = sizesOf(operation);
  const hosts = new Array<number>(n).fill(0);
  const possible = new Set(sizes.flatMap((bytes) => choices(operation, bytes, hosts).all));
  const times = new Map<string, number[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const algorithm of possible) {
      const job = [...tsmpiRun(n, "tune"), operation, sizes.join(",")];
      const output = await outputOf(job, { [variableOf(operation)]: algorithm });
      for (const { row, value } of rowsOf(output)) {
        const key = `${algorithm} ${row}`;
        times.set(key, [...(times.get(key) ?? []), value]);
      }
    }
  }
  for (const bytes of sizes) {
    const { table, all } = choices(operation, bytes, hosts);
    const medians = Object.fromEntries(
      all.map((algorithm) => [algorithm, median(times.get(`${algorithm} ${bytes}`) ?? [])]),
    );
    tell({ operation, ranks: n, bytes, medians, chosen: table, best: fastest(medians) });
  }
}

function sizesOf(operation: Operation): number[] {
  if (operation === "barrier") return [0];
  return [...values.bytes.split(","), ...(cutsArrays(operation) ? values.large.split(",") : [])].map(Number);
}

function fastest(medians: Record<string, number>): string {
  return Object.entries(medians).reduce((a, b) => (b[1] < a[1] ? b : a))[0];
}

function tell(line: Line): void {
  lines.push(line);
  const { operation, ranks, bytes, medians, chosen, best } = line;
  const all = Object.entries(medians).map(([algorithm, us]) => `${algorithm} ${us.toPrecision(3)}`);
  const loss = (medians[chosen] ?? Number.NaN) / (medians[best] ?? Number.NaN);
  const verdict = loss > noticeable ? `**${best}**: ${loss.toFixed(2)} times as fast` : "as good";
  console.log(`| ${operation} | ${ranks} | ${bytes} | ${all.join(", ")} | ${chosen} | ${verdict} |`);
}
