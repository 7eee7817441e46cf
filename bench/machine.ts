import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { mpiexec, path, python } from "./contender.ts";

/** What results depend on besides the code. Undefined: not on this machine. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGB: number;
  kernel: string;
  node: string;
  python: string | undefined;
  mpi: string | undefined;
  mpi4py: string | undefined;
  libzmq: string | undefined;
  dask: string | undefined;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    python: said(python, "--version")?.replace("Python ", ""),
    mpi: said(mpiexec, "--version")?.replace(/^\S+ /, "").replace("(OpenRTE)", "(Open MPI)"),
    mpi4py: said(python, "-c", "import mpi4py; print(mpi4py.__version__)"),
    libzmq: said(python, "-c", libzmqVersion),
    dask: said(python, "-c", "import distributed; print(distributed.__version__)"),
  };
}

const libzmqVersion = [
  "import ctypes, ctypes.util",
  "z = ctypes.CDLL(ctypes.util.find_library('zmq')); v = [ctypes.c_int() for _ in range(3)]",
  "z.zmq_version(*map(ctypes.byref, v)); print('.'.join(str(each.value) for each in v))",
].join("\n");

/** The first line that a command prints; undefined if there is no such command, or it fails. */
function said(file: string, ...args: string[]): string | undefined {
  try {
    const [line] = execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n");
    return line?.trim();
  } catch {
    return undefined;
  }
}

/** Why a peer cannot run here; undefined if it can. */
export interface Obstacles {
  mpi4py: string | undefined;
  python: string | undefined;
  dask: string | undefined;
  libzmq: string | undefined;
}

export function obstaclesOf(machine: Machine): Obstacles {
  const noPython = machine.python === undefined ? "no python3" : undefined;
  const noMpi = machine.mpi === undefined ? `no ${mpiexec}` : undefined;
  return {
    python: noPython,
    mpi4py: noPython ?? noMpi ?? (machine.mpi4py === undefined ? "no mpi4py" : undefined),
    dask: noPython ?? (machine.dask === undefined ? "no distributed (python3-distributed)" : undefined),
    libzmq: buildLibzmq(),
  };
}

/** Path of the small program in C, once it is built. */
export const libzmqProgram: string = path("results/libzmq");

function buildLibzmq(): string | undefined {
  const source = path("peers/libzmq.c");
  const { error, status, stderr } = spawnSync("cc", ["-O2", "-o", libzmqProgram, source, "-lzmq", "-lcrypto"], {
    encoding: "utf8",
  });
  if (error !== undefined) return "no C compiler";
  if (status === 0 && existsSync(libzmqProgram)) return undefined;
  for (const [header, debian] of Object.entries({ "zmq.h": "libzmq3-dev", "openssl/": "libssl-dev" })) {
    if (stderr.includes(header)) return `no ${header} (${debian})`;
  }
  return `cc: ${stderr.split("\n")[0]}`;
}
