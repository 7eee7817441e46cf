import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

export interface Options {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const launch = fileURLToPath(new URL("typescript-launch.mjs", import.meta.url));
const register = new URL("../../../../packages/launcher/dist/typescript/register.js", import.meta.url).href;

// Kept over the tests of one file, so that they are quick; tests of the cache bring their own.
const cacheHome = mkdtempSync(join(tmpdir(), "tsmpi-cache-"));
const folders = [cacheHome];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A user's folder with these files, gone after the tests. */
export function project(files: Readonly<Record<string, string>>, name = "project"): Project {
  const top = realpathSync(mkdtempSync(join(tmpdir(), "tsmpi-user-")));
  folders.push(top);
  const folder = join(top, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return new Project(folder);
}

export class Project {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /** Runs a script on one rank, as the launcher would. */
  run(script: string, options: Options = {}): Promise<Outcome> {
    return node([launch, script, ...(options.args ?? [])], { cwd: this.folder, ...options });
  }

  /** Runs a script with `node --import tsmpi/register`. */
  runAlone(script: string, options: Options = {}): Promise<Outcome> {
    return node(["--import", register, script, ...(options.args ?? [])], { cwd: this.folder, ...options });
  }
}

function node(args: readonly string[], { env, cwd }: Options): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // Another Node may be named, to see that the same holds there.
    const child = spawn(process.env.TEST_NODE ?? process.execPath, args, {
      cwd,
      env: { ...process.env, XDG_CACHE_HOME: cacheHome, NODE_OPTIONS: "", FORCE_COLOR: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), code }),
    );
  });
}
