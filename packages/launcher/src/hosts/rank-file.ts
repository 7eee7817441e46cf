import { usageError } from "../errors/launch-error.ts";
import { readNamed } from "../system/named-file.ts";
import { numbersIn } from "../system/number-list.ts";
import { sameHost } from "../system/this-host.ts";
import type { Host } from "./host.ts";

/** Where one rank runs: its host, and the CPUs that it is bound to, if the file has some for it. */
export interface Seat {
  host: Host;
  cpus?: number[];
}

/**
 * The seats of ranks 0, 1, 2... in a file of Open MPI's format: `rank 1=node2 slot=0,2-3`, a line for each rank, in any
 * order. `+n0` is the first host of the job. CPUs have the numbers of the kernel, as in `lscpu -e`.
 *
 * @throws LaunchError with the line that is wrong.
 */
export function readRankFile(path: string, hosts: readonly Host[]): Seat[] {
  const text = readNamed(path, (reason) => usageError(`--rankfile ${path}: ${reason}`));
  const seats: Seat[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const words = line.replace(/#.*/, "").trim();
    if (words !== "") addSeat(words, seats, hosts, `--rankfile ${path}, line ${index + 1}`);
  }
  const missing = Array.from(seats).indexOf(undefined as never);
  if (missing >= 0)
    throw usageError(`--rankfile ${path}: rank ${missing} is missing, but there is rank ${seats.length - 1}`);
  if (seats.length === 0) throw usageError(`--rankfile ${path}: it has no rank; a line is rank 0=node1 slot=0-3`);
  return seats;
}

function addSeat(words: string, seats: Seat[], hosts: readonly Host[], where: string): void {
  const [, number, name = "", cpus] = /^rank\s+(\d{1,6})\s*=\s*(\S+?)(?:\s+slots?\s*=\s*(\S+))?$/.exec(words) ?? [];
  if (number === undefined) throw usageError(`${where}: rank 0=node1 slot=0-3 is the form of a line, not ${words}`);
  const rank = Number(number);
  if (seats[rank] !== undefined) throw usageError(`${where}: rank ${rank} is there twice`);
  const host = hostNamed(name, hosts);
  if (host === undefined)
    throw usageError(
      `${where}: ${name} is not a host of the job, which has ${hosts.map((each) => each.name).join(" ")}`,
    );
  const list = cpus === undefined ? [] : numbersIn(cpus);
  if (list === undefined)
    throw usageError(`${where}: slot=${cpus}: numbers of CPUs are needed, as in slot=0,2-3 (lscpu -e)`);
  seats[rank] = { host, ...(list.length > 0 && { cpus: list }) };
}

function hostNamed(name: string, hosts: readonly Host[]): Host | undefined {
  const [, index] = /^\+n(\d+)$/.exec(name) ?? [];
  return index === undefined ? hosts.find((host) => sameHost(host.name, name)) : hosts[Number(index)];
}
