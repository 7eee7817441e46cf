import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Longer than the slowest program takes on a busy machine. */
const limitMs = 600_000;

/** One run of each contender. */
export interface Step {
  /** The program, without folder and extension, and its arguments. Contenders of a single program ignore it. */
  readonly program: readonly [name: string, ...args: string[]];
  /** The row for the whole command's seconds, besides the rows that the program prints. */
  readonly wall?: string;
}

/** A program whose output has a line `{"row": ..., "value": ...}` for each thing that it measured. */
export interface Contender {
  readonly name: string;
  /** Runs it once and resolves to its standard output. If it fails, rejects with its stderr. */
  readonly run: (step: Step) => Promise<string>;
  /** Why it cannot run on this machine. */
  readonly missing?: string | undefined;
}

/**
 * Without NODE_EXTRA_CA_CERTS, which npm needs in some networks: with it Node 20 starts 60 ms later, and no program here opens TLS
 * connections. NumPy with one thread: its threads would compete with the ranks for CPUs.
 */
const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
const environment = { ...inherited, OPENBLAS_NUM_THREADS: "1" };

export function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** A contender of one command. */
export function command(name: string, argv: readonly string[], missing?: string): Contender {
  return { name, missing, run: () => outputOf(argv) };
}

export function outputOf(argv: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const [file, ...args] = argv as [string, ...string[]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limitMs,
      env: { ...environment, ...env },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`ended with ${signal ?? code}: ${stderr.trim().split("\n").slice(-5).join(" | ")}`));
    });
  });
}

/** tsmpi, as a user runs it. */
export function tsmpi(n: number, script: string, name = "tsmpi"): Contender {
  return command(name, tsmpiRun(n, script));
}

export function tsmpiRun(n: number, script: string, ...options: string[]): string[] {
  const job = [process.execPath, path("../packages/launcher/bin/tsmpi.js"), "run", "-n", String(n), ...options];
  return [...job, path(`ours/${script}.ts`)];
}

/** tsmpi with the program of each step. */
export function tsmpiSteps(n: number, ...options: string[]): Contender {
  return {
    name: "tsmpi",
    run: ({ program: [script, ...args] }) => outputOf([...tsmpiRun(n, script, ...options), ...args]),
  };
}

/** mpi4py with the same program of each step. */
export function mpi4pySteps(n: number, missing: string | undefined): Contender {
  return {
    name: "mpi4py",
    missing,
    run: ({ program: [script, ...args] }) => outputOf([...mpi4pyRun(n, script), ...args]),
  };
}

/** The system's Python, which has the system's packages. */
export const python: string = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
export const mpiexec: string = existsSync("/usr/bin/mpiexec.openmpi") ? "mpiexec.openmpi" : "mpiexec";
const asRoot = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];

export function mpi4pyRun(n: number, script: string, ...options: string[]): string[] {
  const job = [mpiexec, "--oversubscribe", ...asRoot, ...options, "-n", String(n)];
  return [...job, python, path(`peers/mpi4py/${script}.py`)];
}

/** Open MPI without shared memory: over the loopback interface. */
export const overTcp: readonly string[] = [
  ...["--mca", "pml", "ob1", "--mca", "btl", "tcp,self"],
  ...["--mca", "btl_tcp_if_include", "lo"],
];
