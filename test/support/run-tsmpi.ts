import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The command's script, for Node. */
export const command: string = fileURLToPath(new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url));

export interface Result {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** All of the standard input; without it the input is empty. */
  input?: string | Uint8Array;
}

/** A folder that is gone after the test, with these files in it. Short: sockets of the job may live in it. */
export function folder(files: Record<string, string> = {}): string {
  const path = mkdtempSync("/tmp/tt-");
  afterTest(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** Runs `tsmpi` to its end. */
export function runTsmpi(args: string[], options: RunOptions = {}): Promise<Result> {
  const running = start(args, options);
  running.child.stdin?.end(options.input ?? "");
  return running.result;
}

/** Runs a script of one file with `tsmpi run` and these options. */
export function runScript(script: string, args: string[] = [], options: RunOptions = {}): Promise<Result> {
  return runTsmpi(["run", ...args, "script.mjs"], { cwd: folder({ "script.mjs": script }), ...options });
}

/** A `tsmpi` that is still running. Killed after the test, should it live so long. */
export class Running {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
  stdout = "";
  stderr = "";
  #watchers: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdin?.on("error", () => {});
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      for (const watcher of this.#watchers) watcher();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      for (const watcher of this.#watchers) watcher();
    });
    this.result = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        for (const watcher of this.#watchers) watcher();
      });
    });
    afterTest(() => void child.kill("SIGKILL"));
  }

  /** Resolves when stdout has this in it so many times; rejects when the command ends before that. */
  async shows(text: string, times = 1): Promise<void> {
    let ended = false;
    void this.result.then(() => {
      ended = true;
    });
    while (this.stdout.split(text).length <= times) {
      if (ended) throw new Error(`ended before it showed "${text}" ${times} times:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }
}

/** Starts `tsmpi`. */
export function start(args: string[], { cwd, env }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [command, ...args], { cwd, env: { ...process.env, ...env } });
  return new Running(child);
}

export function startScript(script: string, args: string[] = [], options: RunOptions = {}): Running {
  return start(["run", ...args, "script.mjs"], { cwd: folder({ "script.mjs": script }), ...options });
}

/** Runs a line of shell in which `tsmpi` is the command; for redirections and pipes. */
export function shell(line: string, { cwd, env }: RunOptions = {}): Running {
  const text = `tsmpi() { "${process.execPath}" "${command}" "$@"; }\n${line}`;
  return new Running(spawn("bash", ["-c", text], { cwd, env: { ...process.env, ...env } }));
}

/** The ids of all processes that have this text in their environment or among their arguments, zombies apart. */
export function processesWith(text: string): number[] {
  const has = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "latin1").includes(text);
    } catch {
      return false;
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => has(pid, "environ") || has(pid, "cmdline"))
    .map(Number);
}

/** Waits until something holds; says what it waited for when it never does. */
export async function until(holds: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Does something when the present test is over; in a hook, which has none, nothing. */
function afterTest(action: () => void): void {
  try {
    onTestFinished(action);
  } catch {}
}
