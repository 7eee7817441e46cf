import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Registry } from "./registry.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const standIns = fileURLToPath(new URL("bin", import.meta.url));

/** A command that takes this long hangs. */
const limitMs = 240_000;

/** What the packages of a reader's project are, and where this repository has them. */
const packages = {
  tsmpi: "packages/launcher",
  "@tsmpi/core": "packages/core",
  "@types/node": "node_modules/@types/node",
  typescript: "node_modules/typescript",
  vitest: "node_modules/vitest",
  echarts: "packages/examples/node_modules/echarts",
  pngjs: "packages/examples/node_modules/pngjs",
  "@types/pngjs": "packages/examples/node_modules/@types/pngjs",
};
const commands = {
  tsmpi: "packages/launcher/bin/tsmpi.js",
  tsc: "node_modules/.bin/tsc",
  vitest: "node_modules/.bin/vitest",
};

/** A reader's home directory, and the project in which the commands of a page run, each where the one before it has ended. */
export class Workplace {
  readonly home: string;
  #directory: string;
  readonly #registry: Registry | undefined;

  private constructor(home: string, directory: string, registry: Registry | undefined) {
    this.home = home;
    this.#directory = directory;
    this.#registry = registry;
  }

  /** An empty home, in which the page makes its project, with a registry that has tsmpi; or a project that has tsmpi. */
  static async make({ isEmpty }: { isEmpty: boolean }): Promise<Workplace> {
    const home = mkdtempSync(join(tmpdir(), "tg-"));
    if (isEmpty) return new Workplace(home, home, await Registry.start());
    const project = join(home, "my-project");
    mkdirSync(join(project, "node_modules/.bin"), { recursive: true });
    for (const [name, path] of Object.entries(packages)) link(join(root, path), join(project, "node_modules", name));
    for (const [name, path] of Object.entries(commands))
      link(join(root, path), join(project, "node_modules/.bin", name));
    writeFileSync(join(project, "package.json"), '{ "name": "my-project", "private": true, "type": "module" }\n');
    return new Workplace(home, project, undefined);
  }

  write(name: string, text: string): void {
    const path = join(this.#directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith("#!")) chmodSync(path, 0o755);
  }

  /** Runs lines of shell up to the first that fails; gives what a terminal would show. */
  async run(lines: string): Promise<{ output: string; code: number }> {
    const end = join(this.home, ".directory");
    const script = `trap 'pwd > "${end}"' EXIT\nexec 2>&1 < /dev/null\n${this.#npx()}set -eo pipefail\n${lines}`;
    const child = spawn("bash", ["-c", script], { cwd: this.#directory, env: this.#environment(), detached: true });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const limit = setTimeout(() => kill(child.pid!), limitMs);
    const code = await new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? 137)));
    clearTimeout(limit);
    kill(child.pid!); // what a command has left in the background
    this.#directory = readFileSync(end, "utf8").trim();
    return { output, code };
  }

  async remove(): Promise<void> {
    await this.#registry?.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** `npx tsmpi` without npm, which takes longer to start than most programs run. */
  #npx(): string {
    if (this.#registry !== undefined) return "";
    return 'npx() { if [ "$1" = tsmpi ]; then shift; node_modules/.bin/tsmpi "$@"; else command npx "$@"; fi; }\n';
  }

  #environment(): NodeJS.ProcessEnv {
    const own = /^(TSMPI|PBS|SLURM|VITEST|npm)_|^(VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR|COLUMNS)$/;
    const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
    const npm = { npm_config_update_notifier: "false", npm_config_fund: "false", npm_config_audit: "false" };
    return {
      ...Object.fromEntries(kept),
      ...{ NO_COLOR: "1", PATH: `${standIns}:${process.env["PATH"]}`, USER: "ada", ...npm },
      ...this.#registry?.environment(this.home),
    };
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function kill(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {} // gone
}

/** Whether this machine lacks what a block needs: a command, or NumPy. */
export function lacks(need: string): boolean {
  const test = need === "numpy" ? 'python3 -c "import numpy"' : `command -v "${need}"`;
  return spawnSync("bash", ["-c", test], { stdio: "ignore" }).status !== 0;
}
