import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { algorithmsOf, type Operation } from "../packages/core/src/collectives/algorithms/choose.ts";
import * as collectives from "../packages/core/src/collectives/algorithms/index.ts";
import { sum } from "../packages/core/src/ops/op.ts";
import type { Peers } from "../packages/core/src/wire/peers.ts";
import { path } from "./contender.ts";
import { choices, variableOf } from "./overrides.ts";
import { type Cost, type LogGP, type Model, modelled } from "./virtual-peers.ts";

/**
 * Runs each algorithm of each collective in simulated worlds of up to 1024 ranks. Prints messages, bytes and the time of the
 * LogGP model.
 *
 *     node --import tsmpi/register bench/scaling.ts [--ranks 2,8,64,1024] [--only allreduce,bcast] [--per-host 8]
 *       [--within L,o,g,G] [--between L,o,g,G] [--bytes 24] [--large 262144]
 *
 * L, o and g in microseconds, G in nanoseconds for each byte; see virtual-peers.ts. The defaults are orders of magnitude, good for
 * comparing algorithms: within a host a round trip of 8 us and a copy at 10 GB/s; between hosts a round trip of 60 us (two
 * wake-ups of a process at each end) and a wire of 10 Gbit/s. Computation takes no time.
 */
const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "2,4,8,16,32,64,128,256,512,1024" },
    only: { type: "string", default: "" },
    "per-host": { type: "string", default: "8" },
    within: { type: "string", default: "1,1.5,0.5,0.1" },
    between: { type: "string", default: "20,5,1,0.8" },
    /** Of each rank's part, in every collective. */
    bytes: { type: "string", default: "24" },
    /** Of one array, where algorithms cut it in pieces: bcast, reduce, allreduce. */
    large: { type: "string", default: "262144" },
  },
});
const ranks = values.ranks.split(",").map(Number);
const model: Model = {
  within: logGP("--within", values.within),
  between: logGP("--between", values.between),
  perHost: Number(values["per-host"]),
};

/** A million messages in one process take a minute and gigabytes. */
const mostMessages = 300_000;

interface Case {
  readonly operation: Operation;
  readonly bytes: number;
  readonly run: (peers: Peers) => Promise<unknown>;
}

interface Line {
  operation: string;
  algorithm: string;
  bytes: number;
  ranks: number;
  chosen: boolean;
  cost: Cost;
}

const lines: Line[] = [];
for (const each of cases()) {
  for (const algorithm of algorithmsOf(each.operation)) await runAll(each, algorithm);
}
print();

function cases(): Case[] {
  const { barrier, bcast, scatter, gather, allgather, alltoall, reduce, allreduce, reduceScatter, scan, exscan } =
    collectives;
  const small = Number(values.bytes);
  const part = new Float64Array(small / 8);
  const array = new Float64Array(Number(values.large) / 8);
  const parts = ({ size }: Peers): Float64Array[] => new Array(size).fill(part);
  const all: Case[] = [
    { operation: "barrier", bytes: 0, run: (peers) => barrier(peers) },
    { operation: "bcast", bytes: small, run: (peers) => bcast(peers, part, 0) },
    { operation: "bcast", bytes: array.byteLength, run: (peers) => bcast(peers, array, 0) },
    { operation: "scatter", bytes: small, run: (peers) => scatter(peers, parts(peers), 0) },
    { operation: "gather", bytes: small, run: (peers) => gather(peers, part, 0) },
    { operation: "allgather", bytes: small, run: (peers) => allgather(peers, part) },
    { operation: "alltoall", bytes: small, run: (peers) => alltoall(peers, parts(peers)) },
    { operation: "reduce", bytes: small, run: (peers) => reduce(peers, part, sum, 0) },
    { operation: "reduce", bytes: array.byteLength, run: (peers) => reduce(peers, array, sum, 0) },
    { operation: "allreduce", bytes: small, run: (peers) => allreduce(peers, part, sum) },
    { operation: "allreduce", bytes: array.byteLength, run: (peers) => allreduce(peers, array, sum) },
    { operation: "reduceScatter", bytes: small, run: (peers) => reduceScatter(peers, parts(peers), sum) },
    { operation: "scan", bytes: small, run: (peers) => scan(peers, part, sum) },
    { operation: "exscan", bytes: small, run: (peers) => exscan(peers, part, sum) },
  ];
  const only = values.only.split(",");
  return all.filter(({ operation }) => only.some((start) => operation.startsWith(start)));
}

/** From few ranks to many, up to the limit of messages, which grow at most with the square of the ranks. */
async function runAll({ operation, bytes, run }: Case, algorithm: string): Promise<void> {
  let [before, messages] = [1, 0];
  for (const size of ranks.toSorted((a, b) => a - b)) {
    const hosts = Array.from({ length: size }, (_, rank) => Math.floor(rank / model.perHost));
    const { table, all } = choices(operation, bytes, hosts);
    if (!all.includes(algorithm) || messages * (size / before) ** 2 > mostMessages) continue;
    process.env[variableOf(operation)] = algorithm;
    const cost = await modelled(size, run, model);
    delete process.env[variableOf(operation)];
    [before, messages] = [size, cost.messages];
    lines.push({ operation, algorithm, bytes, ranks: size, chosen: table === algorithm, cost });
  }
}

function print(): void {
  const say = ({ L, o, g, G }: LogGP): string => `L ${L} us, o ${o} us, g ${g} us, G ${G} ns/B`;
  const where = `within a host ${say(model.within)}; between hosts ${say(model.between)}`;
  const text = [
    `LogGP: ${where}; ${model.perHost} ranks on a host, in blocks. \`*\`: what choose.ts takes.`,
    "",
    "| collective | algorithm | bytes | ranks | messages | bytes sent | modelled time (us) |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines.map(({ operation, algorithm, bytes, ranks: size, chosen, cost }) => {
      const name = `${algorithm}${chosen ? " *" : ""}`;
      return `| ${operation} | ${name} | ${bytes} | ${size} | ${cost.messages} | ${cost.bytes} | ${cost.us.toFixed(1)} |`;
    }),
  ].join("\n");
  console.log(text);
  mkdirSync(path("results"), { recursive: true });
  writeFileSync(path("results/scaling.json"), `${JSON.stringify({ model, lines }, undefined, 2)}\n`);
}

function logGP(option: string, text: string): LogGP {
  const [L, o, g, G, ...more] = text.split(",").map(Number);
  const numbers = [L, o, g, G];
  if (more.length > 0 || numbers.some((each) => each === undefined || !(each >= 0))) {
    throw new Error(`${option} ${text}: four numbers are needed, L,o,g,G`);
  }
  return { L, o, g, G } as LogGP;
}
