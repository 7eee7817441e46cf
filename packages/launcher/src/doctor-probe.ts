import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Communicator, init } from "@tsmpi/core";
import { nativeAdvice } from "@tsmpi/core/bootstrap";
import type { Facts, Links, NativePackage } from "./doctor/facts.ts";
import { usableCpus } from "./system/cpus.ts";
import { addressesAreFew, resourceLimits, threadsLeft } from "./system/resource-limits.ts";
import { version } from "./system/version.ts";
import { cacheObstacle } from "./typescript/cache.ts";

/**
 * What `tsmpi doctor` runs on each host: `doctor-probe.js <directory> <name of a file that the launcher has put there>`.
 * It prints a line of facts about the host. Then, if the hosts can form a world, it prints a line about its links.
 */
const [directory = "", mark = ""] = process.argv.slice(2);
const answerMs = 10_000;
const worldMs = 20_000;
const goodbyeMs = 3000;
const pings = 5;
let leaving: NodeJS.Timeout | undefined;

console.log(JSON.stringify(facts()));
leaveIn(worldMs, "the hosts could not form a world");
const world = await init();
leaveIn(worldMs, "the other hosts did not answer");
console.log(JSON.stringify(await links(world)));
leaveIn(goodbyeMs, "the other hosts did not say goodbye");
await world[Symbol.asyncDispose]();

/** Ends this process after a time: a broken host may block it for ever, and the facts are printed already. */
function leaveIn(limitMs: number, reason: string): void {
  clearTimeout(leaving);
  leaving = setTimeout(() => {
    console.error(reason);
    process.exit(1);
  }, limitMs).unref();
}

function facts(): Facts {
  const { nofile, nproc, as, data, fsize, stack, cpu } = resourceLimits();
  const temporary = tmpdir();
  const left = threadsLeft();
  const forgets = cacheObstacle();
  return {
    nodePath: process.execPath,
    nodeVersion: process.version,
    version,
    directory: directoryIs(),
    ...limit("openFiles", nofile),
    ...limit("processes", nproc),
    ...(left === undefined ? {} : { threadsLeft: left }),
    ...limit("addressSpace", as),
    ...limit("dataBytes", data),
    ...limit("fileBytes", fsize),
    ...limit("stackBytes", stack),
    ...limit("cpuSeconds", cpu),
    cpus: usableCpus().count,
    ...free("memoryBytes", "/dev/shm"),
    temporary,
    ...free("temporaryBytes", temporary),
    ...(forgets === undefined ? {} : { forgets }),
    broken: broken(),
    ...certificates(),
  };
}

/** Loads the native packages. Returns those that cannot be loaded, with the reason. */
function broken(): NonNullable<Facts["broken"]> {
  const own = createRequire(import.meta.url);
  const ofCore = createRequire(own.resolve("@tsmpi/core"));
  const tries: Record<NativePackage, () => unknown> = {
    zeromq: () => ofCore("zeromq"),
    koffi: () => ofCore("koffi"),
    // Only its program: transformSync() needs a thread, for which a limit may leave no addresses or processes.
    esbuild: () => startProgram(esbuildProgram(own)),
    "oxc-parser": () => addressesAreFew() || own("oxc-parser"),
  };
  const found: NonNullable<Facts["broken"]> = {};
  for (const [name, load] of Object.entries(tries)) {
    try {
      load();
    } catch (error) {
      const why = (error as Error).message.trim().split("\n")[0];
      found[name as NativePackage] = `${nativeAdvice(name)} (${why})`;
    }
  }
  return found;
}

/** Throws if the program cannot be started. One that starts and fails is for this machine: a limit (`ulimit -u`, `-v`) stops it. */
function startProgram(path: string): void {
  try {
    execFileSync(path, ["--version"], { stdio: "pipe" });
  } catch (error) {
    const { status, code } = error as NodeJS.ErrnoException & { status?: number | null };
    if (typeof status !== "number" && code !== "EAGAIN") throw error;
  }
}

function esbuildProgram(own: NodeJS.Require): string {
  const { ESBUILD_BINARY_PATH: chosen } = process.env;
  return (
    chosen || createRequire(own.resolve("esbuild")).resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`)
  );
}

/** With NODE_EXTRA_CA_CERTS Node 20 reads all its certificates before it starts V8; Node 22 reads them when they are needed. */
function certificates(): Pick<Facts, "certificatesMs"> {
  const atOnce = Number.parseInt(process.versions.node, 10) < 22;
  return atOnce && process.env["NODE_EXTRA_CA_CERTS"] ? { certificatesMs: performance.nodeTiming.v8Start } : {};
}

function directoryIs(): Facts["directory"] {
  if (!existsSync(directory)) return "missing";
  if (mark === "") return "unknown";
  return existsSync(join(directory, mark)) ? "shared" : "another";
}

function limit<K extends string>(name: K, limits: [soft: string, hard: string] | undefined): { [key in K]?: number } {
  const number = Number(limits?.[0]);
  return Number.isNaN(number) ? {} : ({ [name]: number } as { [key in K]: number });
}

function free<K extends string>(name: K, path: string): { [key in K]?: number } {
  try {
    accessSync(path, constants.W_OK);
    const { bavail, bsize } = statfsSync(path);
    return { [name]: bavail * bsize } as { [key in K]: number };
  } catch {
    return {};
  }
}

/** All pairs at once, so that a slow failure delays no other pair. */
async function links(world: Communicator): Promise<Links> {
  const others = Array.from({ length: world.size }, (_, rank) => rank).filter((rank) => rank !== world.rank);
  const found: Links["links"] = {};
  let clockMs: number | undefined;
  const visit = async (rank: number): Promise<void> => {
    const signal = AbortSignal.timeout(answerMs);
    const peer = { dest: rank, source: rank, signal };
    const send = (): Promise<void> => world.send(Date.now(), peer);
    const recv = (): Promise<number> => world.recv<number>(peer);
    let best = Number.POSITIVE_INFINITY;
    try {
      await Promise.all([send(), recv()]); // makes the connection
      if (rank < world.rank) await recv(); // each rank answers at once, so both measure round trips
      for (let ping = 0; ping < pings; ping++) {
        const startedAt = performance.now();
        await send();
        const theirs = await recv();
        const tookMs = performance.now() - startedAt;
        if (tookMs >= best) continue;
        best = tookMs;
        if (rank === 0) clockMs = Date.now() - tookMs / 2 - theirs;
      }
      if (rank > world.rank) await send();
      found[rank] = { roundTripMs: best };
    } catch (error) {
      found[rank] = { reason: (error as Error).message };
    }
  };
  await Promise.all(others.map(visit));
  return { links: found, ...(clockMs === undefined ? {} : { clockMs }) };
}
