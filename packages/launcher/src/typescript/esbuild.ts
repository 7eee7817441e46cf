import childProcess, { type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { nativeAdvice, within } from "@tsmpi/core/bootstrap";
import type { TransformOptions, TransformResult } from "esbuild";
import { LaunchError, reasonOf } from "../errors/launch-error.ts";
import { threadsLeft } from "../system/resource-limits.ts";

/** Threads that esbuild, a Go program, starts for one file. It crashes with fewer. */
const threadsNeeded = 6;

let loading: Promise<typeof import("esbuild")> | undefined;
/** For the end of the pipe from esbuild's process, which has ended by then. */
const wordsMs = 1000;
/** The standard error of esbuild's process, when it has ended. */
let lastWords: Promise<string> = Promise.resolve("");

/**
 * Transforms one file. The first call starts esbuild's process.
 *
 * @throws TransformFailure for a mistake in the source; LaunchError if esbuild cannot run here.
 */
export async function transform(source: string, options: TransformOptions): Promise<TransformResult> {
  try {
    loading ??= start();
    const { transform } = await loading;
    return await catchingWords(() => transform(source, options));
  } catch (error) {
    if ("errors" in (error as object)) throw error;
    throw new LaunchError(await reason(error as Error));
  }
}

/** Ends esbuild's process, if there is one. It would live as long as this process. */
export async function end(): Promise<void> {
  const used = loading;
  loading = undefined;
  await used?.then(({ stop }) => stop()).catch(() => {});
  if (threadsLeft() !== undefined) await within(wordsMs, lastWords); // its threads would count against the ranks' limit
}

// Takes 50 ms to load, so it is loaded only if the cache lacks a file.
async function start(): Promise<typeof import("esbuild")> {
  const left = threadsLeft();
  if (left !== undefined && left < threadsNeeded) throw Object.assign(new Error(), { code: "EAGAIN" });
  return import(pathToFileURL(esbuildFile()).href);
}

/** The real path: under `--preserve-symlinks` esbuild does not find its program from a linked one. */
export function esbuildFile(): string {
  return realpathSync(createRequire(import.meta.url).resolve("esbuild"));
}

/**
 * Catches the standard error of esbuild's process, to make one sentence of it. esbuild gives its process the launcher's
 * stderr, on which Go dumps the state of all threads when a limit of the shell stops it. There is no option for that, so
 * `spawn` is replaced during the first call of `transform`, which starts the process.
 */
function catchingWords<T>(call: () => T): T {
  const { spawn } = childProcess;
  const caught = (file: string, args: readonly string[], options: SpawnOptions): ChildProcess => {
    const child = spawn(file, args, { ...options, stdio: "pipe" });
    if (child.stderr == null) {
      child.on("error", () => {}); // this error comes too late: esbuild needs the streams now
      throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    }
    lastWords = wordsOf(child);
    return child;
  };
  childProcess.spawn = caught as typeof spawn;
  try {
    return call();
  } finally {
    childProcess.spawn = spawn;
  }
}

async function wordsOf({ stderr }: ChildProcess): Promise<string> {
  let words = "";
  stderr!.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  (stderr as unknown as { unref(): void }).unref();
  await once(stderr!, "close").catch(() => {});
  return words;
}

async function reason(error: NodeJS.ErrnoException): Promise<string> {
  const { message, code } = error;
  const cannot = "cannot transform TypeScript";
  if (code === "EMFILE" || code === "ENFILE") return `${cannot}: ${reasonOf(error)}`;
  if (/could not be found, and is needed by esbuild|for another platform/.test(message))
    return `${cannot}: ${nativeAdvice("esbuild")}`;
  const words = code === undefined ? ((await within(wordsMs, lastWords)) ?? "") : "";
  if (code === "EAGAIN" || /EAGAIN|newosproc/.test(message + words))
    return `${cannot}: esbuild needs more threads than the limit of processes leaves (ulimit -u); raise it, or end other processes`;
  if (/out of memory|failed to reserve|cannot allocate|ENOMEM/.test(message + words))
    return `${cannot}: esbuild has too little memory, or too few addresses (ulimit -v, which PBS sets for pvmem and vmem)`;
  return `${cannot}: esbuild cannot run: ${(words || message).trim().split("\n")[0]}`;
}
