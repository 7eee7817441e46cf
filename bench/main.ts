import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * Runs the same work with tsmpi and its peers, in turn, several rounds, and prints the medians and their ratios.
 *
 * npm run bench -- [--rounds 5] [--only point-to-point]
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, only: { type: "string" } },
});

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const tsmpi = (n: number, script: string): string[] => [
  process.execPath,
  here("../packages/launcher/bin/tsmpi.js"),
  "run",
  "-n",
  String(n),
  here(`ours/${script}.ts`),
];
const mpi4py = (n: number, script: string, ...options: string[]): string[] => [
  ...["mpiexec.openmpi", "--oversubscribe", "--allow-run-as-root", ...options, "-n", String(n), "/usr/bin/python3"],
  here(`peers/mpi4py/${script}.py`),
];
const overTcp = ["--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo", "--mca", "pml", "ob1"];

interface Work {
  name: string;
  /** The first is ours; what it is divided by are the others. */
  contenders: Record<string, string[]>;
  /** Measures the whole command's wall time as this row, instead of reading rows from its output. */
  wall?: string;
}

const works: Work[] = [
  {
    name: "point-to-point",
    contenders: {
      tsmpi: tsmpi(2, "point-to-point"),
      mpi4py: mpi4py(2, "point-to-point"),
      "mpi4py, tcp": mpi4py(2, "point-to-point", ...overTcp),
      "libzmq in C, ipc": libzmq("ipc:///tmp/tsmpi-bench-a", "ipc:///tmp/tsmpi-bench-b"),
    },
  },
  ...[2, 4, 8].map((n) => ({
    name: `collectives-${n}`,
    contenders: { tsmpi: tsmpi(n, "collectives"), mpi4py: mpi4py(n, "collectives") },
  })),
  {
    name: "map",
    contenders: {
      tsmpi: tsmpi(2, "map"),
      "multiprocessing.Pool(2)": ["/usr/bin/python3", here("peers/multiprocessing/map.py")],
      "mpi4py.futures, 2 workers": mpi4py(3, "map"),
      "piscina, 2 threads": [process.execPath, here("peers/piscina/map.mjs")],
    },
  },
  ...[1, 8, 64].map((n) => ({
    name: `start-${n}`,
    wall: `-n ${n} hello, wall (s)`,
    contenders: { tsmpi: tsmpi(n, "hello"), mpi4py: mpi4py(n, "hello") },
  })),
];

/** The small program in C, built once; an empty command where there is no compiler or no libzmq to build against. */
function libzmq(...endpoints: [string, string]): string[] {
  mkdirSync(here("results"), { recursive: true });
  const binary = here("results/libzmq");
  if (!existsSync(binary))
    spawnSync("cc", ["-O2", "-o", binary, here("peers/libzmq.c"), "-lzmq"], { stdio: "inherit" });
  return existsSync(binary) ? [binary, ...endpoints] : [];
}

type Rows = Map<string, number[]>;

function measure(work: Work, command: string[], rows: Rows): void {
  const [file, ...args] = command;
  if (file === undefined) return;
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8", timeout: 300_000 });
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) {
    console.error(`${command.join(" ")} ended with ${status}: ${stderr}`);
    return;
  }
  const add = (row: string, value: number): void => void rows.set(row, [...(rows.get(row) ?? []), value]);
  if (work.wall !== undefined) add(work.wall, seconds);
  else {
    for (const line of stdout.split("\n").filter((each) => each.startsWith("{"))) {
      const { row, value } = JSON.parse(line) as { row: string; value: number };
      add(row, value);
    }
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function digits(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

const results: Record<string, Record<string, Record<string, number>>> = {};
for (const work of works.filter(({ name }) => values.only === undefined || name.startsWith(values.only))) {
  const names = Object.keys(work.contenders);
  const rows = new Map(names.map((name): [string, Rows] => [name, new Map()]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of names) measure(work, work.contenders[name] ?? [], rows.get(name) as Rows);
  }
  const table: Record<string, Record<string, number>> = {};
  for (const row of rows.get("tsmpi")?.keys() ?? []) {
    table[row] = Object.fromEntries(
      names.flatMap((name) => (rows.get(name)?.has(row) ? [[name, median(rows.get(name)?.get(row) ?? [])]] : [])),
    );
  }
  results[work.name] = table;
  console.log(`\n| ${work.name} | ${names.map((name) => (name === "tsmpi" ? name : `${name} | ratio`)).join(" | ")} |`);
  console.log(`|${" --- |".repeat(names.length * 2)}`);
  for (const [row, medians] of Object.entries(table)) {
    const ours = medians["tsmpi"] ?? Number.NaN;
    const cells = names.map((name) => {
      const value = medians[name];
      if (name === "tsmpi") return digits(ours);
      return value === undefined ? "|" : `${digits(value)} | ${digits(ours / value)}`;
    });
    console.log(`| ${row} | ${cells.join(" | ")} |`);
  }
}
mkdirSync(here("results"), { recursive: true });
const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, rounds: Number(values.rounds) };
writeFileSync(here("results/latest.json"), JSON.stringify({ machine, results }, undefined, 2));
