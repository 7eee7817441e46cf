import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Operation } from "../packages/core/src/collectives/algorithms/choose.ts";
import { outputOf, path, tsmpiRun } from "./contender.ts";
import { TwoHosts } from "./hosts.ts";
import { describeMachine } from "./machine.ts";
import { median, rowsOf } from "./measure.ts";
import { choices, cutsArrays, operations, variableOf } from "./overrides.ts";

/**
 * Measures each algorithm of each collective in real processes, in interleaved rounds. Reports the cases in which choose.ts does
 * not take the fastest.
 *
 *     node --import tsmpi/register bench/tune.ts [--ranks 2,4,8] [--only allreduce] [--rounds 5] [--bytes 8,1024,65536]
 *       [--large 262144] [--hosts 2]
 *
 * `--bytes` are the sizes of each rank's part. bcast, reduce and allreduce, whose algorithms cut one array, use the sizes of
 * `--large` too. `--hosts 2`: half of the ranks on each of two network namespaces, which needs root.
 */
const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "2,4,8" },
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "5" },
    bytes: { type: "string", default: "8,1024,8192,65536" },
    large: { type: "string", default: "262144,1048576" },
    hosts: { type: "string", default: "1" },
  },
});

/** A choice that is slower by less than this counts as good. */
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

const twoHosts = values.hosts === "2";
if (!twoHosts && values.hosts !== "1") throw new Error(`--hosts ${values.hosts}: 1 or 2`);
const only = values.only.split(",");
const wanted = operations.filter((operation) => only.some((start) => operation.startsWith(start)));
const lines: Line[] = [];
console.log("| collective | ranks | bytes | algorithms (us) | choose.ts | fastest |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const operation of wanted) for (const n of values.ranks.split(",").map(Number)) await tune(operation, n);
mkdirSync(path("results"), { recursive: true });
writeFileSync(path("results/tune.json"), `${JSON.stringify({ machine: describeMachine(), lines }, undefined, 2)}\n`);

async function tune(operation: Operation, n: number): Promise<void> {
  if (twoHosts && n % 2 !== 0) throw new Error(`--ranks ${n}: two hosts need an even number`);
  const sizes = sizesOf(operation);
  const hosts = Array.from({ length: n }, (_, rank) => (twoHosts && rank >= n / 2 ? 1 : 0));
  const possible = new Set(sizes.flatMap((bytes) => choices(operation, bytes, hosts).all));
  const times = new Map<string, number[]>();
  const place = twoHosts ? await TwoHosts.make(n / 2) : undefined;
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const algorithm of possible) {
        for (const { row, value } of rowsOf(await run(operation, algorithm, n, sizes, place))) {
          const key = `${algorithm} ${row}`;
          times.set(key, [...(times.get(key) ?? []), value]);
        }
      }
    }
  } finally {
    place?.remove();
  }
  for (const bytes of sizes) {
    const { table, all } = choices(operation, bytes, hosts);
    const medians = Object.fromEntries(
      all.map((algorithm) => [algorithm, median(times.get(`${algorithm} ${bytes}`) ?? [])]),
    );
    tell({ operation, ranks: n, bytes, medians, chosen: table, best: fastest(medians) });
  }
}

function run(
  operation: Operation,
  algorithm: string,
  n: number,
  sizes: readonly number[],
  place: TwoHosts | undefined,
): Promise<string> {
  const words = [operation, sizes.join(",")];
  const variable = variableOf(operation);
  if (place !== undefined)
    return place.run(`--env ${variable}=${algorithm}`, `"${path("ours/tune.ts")}" ${words.join(" ")}`);
  return outputOf([...tsmpiRun(n, "tune"), ...words], { [variable]: algorithm });
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
