import { cold } from "./cold.ts";
import {
  command,
  mpi4pyRun,
  mpi4pySteps,
  outputOf,
  overTcp,
  path,
  python,
  type Step,
  tsmpi,
  tsmpiRun,
  tsmpiSteps,
} from "./contender.ts";
import { acrossHosts } from "./hosts.ts";
import { libzmqProgram, type Obstacles } from "./machine.ts";
import type { Work } from "./measure.ts";

/** All that is measured, in the order of the report: first what a program sees first. `quick` leaves out large sizes. */
export function worksOf(obstacles: Obstacles, quick: boolean): Work[] {
  return [
    ...cold(obstacles, quick),
    pointToPoint(obstacles),
    windows(obstacles),
    ...acrossHosts(obstacles),
    ...[2, 4, 8].map((n) => collectives(n, obstacles)),
    regions(obstacles),
    files("memory", "/dev/shm", obstacles),
    files("disk", "/tmp", obstacles),
    checkpoints("memory", "/dev/shm", obstacles),
    checkpoints("disk", "/tmp", obstacles),
    survive(),
    map(obstacles),
    ...[2, 3, 5].map((n) => schedules(n, obstacles)),
    ...[1, 8, 64].map((n) => start(n, obstacles)),
    memory(obstacles),
    scale(),
  ];
}

function pointToPoint(obstacles: Obstacles): Work {
  const sockets = (kind: string): string[] => [process.execPath, path("peers/node-sockets/point-to-point.mjs"), kind];
  const endpoints = [1, 2].map((each) => `ipc:///tmp/tsmpi-bench-${process.pid}-${each}`);
  return {
    name: "point-to-point",
    title: "Point to point, two ranks of one host",
    contenders: () => [
      tsmpi(2, "point-to-point"),
      command("mpi4py", mpi4pyRun(2, "point-to-point"), obstacles.mpi4py),
      command("mpi4py, tcp", mpi4pyRun(2, "point-to-point", ...overTcp), obstacles.mpi4py),
      command("libzmq in C, ipc", [libzmqProgram, "both", "null", ...endpoints], obstacles.libzmq),
      command("Node sockets, unix", sockets("unix")),
      command("Node sockets, tcp", sockets("tcp")),
    ],
  };
}

/** Open MPI's default, osc/rdma, crashes here in the passive lock (4.1.4); osc/sm is as fast and does not. */
function windows(obstacles: Obstacles): Work {
  return {
    name: "windows",
    title: "Windows, two ranks of one host",
    contenders: () => [
      tsmpi(2, "windows"),
      command("mpi4py", mpi4pyRun(2, "windows", "--mca", "osc", "sm"), obstacles.mpi4py),
    ],
  };
}

function collectives(n: number, obstacles: Obstacles): Work {
  return {
    name: `collectives-${n}`,
    title: `Collectives, ${n} ranks of one host`,
    contenders: () => [tsmpi(n, "collectives"), command("mpi4py", mpi4pyRun(n, "collectives"), obstacles.mpi4py)],
  };
}

/** Parts of a grid, which peers copy by MPI's types or by hand; `ours/regions.ts`. */
function regions(obstacles: Obstacles): Work {
  return {
    name: "regions",
    title: "Regions of a grid of 4000 x 4000 doubles, both ways at once, two ranks of one host",
    contenders: () => [
      tsmpi(2, "regions"),
      command("mpi4py, subarray types", mpi4pyRun(2, "regions"), obstacles.mpi4py),
      command("mpi4py, NumPy slices", [...mpi4pyRun(2, "regions"), "slices"], obstacles.mpi4py),
    ],
  };
}

/** Files of a gibibyte, in memory and on a disk; `ours/files.ts`. */
function files(where: string, directory: string, obstacles: Obstacles): Work {
  return {
    name: `files-${where}`,
    title: `Files of 1 GiB, 8 ranks of one host, ${where === "memory" ? "in /dev/shm" : "on the disk of /tmp"}`,
    contenders: () => [
      command("tsmpi", [...tsmpiRun(8, "files"), directory]),
      command("mpi4py", [...mpi4pyRun(8, "files"), directory], obstacles.mpi4py),
    ],
  };
}

/** Checkpoints of a gibibyte, in memory and on a disk; `ours/checkpoints.ts`. */
function checkpoints(where: string, directory: string, obstacles: Obstacles): Work {
  return {
    name: `checkpoints-${where}`,
    title: `Checkpoints of 1 GiB, 4 ranks of one host, ${where === "memory" ? "in /dev/shm" : "on the disk of /tmp"}`,
    contenders: () => [
      command("tsmpi", [...tsmpiRun(4, "checkpoints"), directory]),
      command("mpi4py, numpy.save and fsync", [...mpi4pyRun(4, "checkpoints"), directory], obstacles.mpi4py),
    ],
  };
}

/** No peer survives: mpi4py over Open MPI 4 ends with its first lost rank. */
function survive(): Work {
  return {
    name: "survive",
    title: "Going on without a rank, 8 ranks of one host",
    contenders: () => [
      command("tsmpi, --keep-going", [...tsmpiRun(8, "survive", "--keep-going"), "kill"]),
      tsmpi(8, "survive", "tsmpi without it"),
    ],
  };
}

/** Two processes that compute, for every contender: see `ours/map.ts`. */
function map(obstacles: Obstacles): Work {
  return {
    name: "map",
    title: "Map, two that work",
    contenders: () => [
      tsmpi(2, "map"),
      tsmpi(3, "pool", "tsmpi pool, 2 workers and a driver"),
      command("multiprocessing.Pool(2)", [python, path("peers/multiprocessing/map.py")], obstacles.python),
      command("mpi4py.futures, 2 workers", mpi4pyRun(3, "map"), obstacles.mpi4py),
      command("piscina, 2 threads", [process.execPath, path("peers/piscina/map.mjs")]),
      command("Dask, 2 workers", [python, path("peers/dask/map.py")], obstacles.dask),
    ],
  };
}

/** Lists of tasks of unequal length; `ours/schedules.ts`. */
function schedules(n: number, obstacles: Obstacles): Work {
  const peer = [python, path("peers/multiprocessing/schedules.py"), String(n)];
  return {
    name: `schedules-${n}`,
    title: `Time of a list of tasks, over that of the greedy list schedule, ${n} that work`,
    contenders: () => [
      command("tsmpi", [...tsmpiRun(n, "schedules"), "map"]),
      command("tsmpi pool", [...tsmpiRun(n + 1, "schedules"), "pool"]),
      command(`multiprocessing.Pool(${n}).imap_unordered`, peer, obstacles.python),
    ],
  };
}

function start(n: number, obstacles: Obstacles): Work {
  return {
    name: `start-${n}`,
    title: `Start and end of ${n} rank${n === 1 ? "" : "s"}`,
    steps: [{ program: ["hello"], wall: `-n ${n} hello, wall (s)` }],
    contenders: () => [tsmpiSteps(n), mpi4pySteps(n, obstacles.mpi4py)],
  };
}

function memory(obstacles: Obstacles): Work {
  return {
    name: "memory",
    title: "Memory, 8 ranks of one host",
    contenders: () => [tsmpi(8, "memory"), command("mpi4py", mpi4pyRun(8, "memory"), obstacles.mpi4py)],
  };
}

/** Jobs over hosts that are not there: `scale/launch.ts`. */
function scale(): Work {
  const own = ([script, ...args]: Step["program"]): string[] => [
    ...[process.execPath, "--import", "tsmpi/register", path(`${script}.ts`)],
    ...args,
  ];
  return {
    name: "scale",
    title: "Launch and end of a job on many hosts, with stand-ins for their agents",
    steps: [
      ...["10", "100", "1000"].map((hosts): Step => ({ program: ["scale/launch", "srun", hosts] })),
      { program: ["scale/launch", "srun", "40", "100"] },
      ...["10", "100"].map((hosts): Step => ({ program: ["scale/launch", "ssh", hosts] })),
    ],
    contenders: () => [{ name: "tsmpi", run: ({ program }) => outputOf(own(program)) }],
  };
}
