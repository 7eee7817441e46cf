import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/**
 * A real PBS with four hosts of at least four CPUs, whose users have the same home directory on all of them. From a host where
 * `qsub` works: `npm run test:pbs`. What else it takes from the environment:
 *
 * | variable | meaning |
 * | --- | --- |
 * | TSMPI_PBS_USER | what to put before a command so that it runs as a user who may submit, where the commands of PBS are; default: nothing |
 * | TSMPI_PBS_ROOT | what to put before a host's name and a command so that root runs it there: "ssh -l root"; without it the cases that close ports and kill daemons are left out |
 */
const userPrefix = words(process.env["TSMPI_PBS_USER"]);
const rootPrefix = words(process.env["TSMPI_PBS_ROOT"]);

/** Whether daemons may be killed and ports closed. */
export const hasRoot: boolean = rootPrefix.length > 0;

/** The command, at a path that all hosts have. */
export const tsmpi: string = fileURLToPath(new URL("../../packages/launcher/bin/tsmpi.js", import.meta.url));

/** What a user has in ~/.profile so that `tsmpi`, `node` and `qsub` are found. */
export const setPath: string = `export PATH="${fileURLToPath(new URL("../../node_modules/.bin", import.meta.url))}:${dirname(process.execPath)}:$PATH:$(. /etc/pbs.conf 2>/dev/null; echo $PBS_EXEC/bin)"`;

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** A job that has ended. */
export interface Ended extends Output {
  /** How long it ran. */
  seconds: number;
  /** The hosts of its node file, in order. */
  nodes: string[];
}

/** Runs a command as the user, with this input. */
export function asUser(command: readonly string[], input = ""): Promise<Output> {
  return run([...userPrefix, ...command], input);
}

/** Runs a line of shell as root on a host. */
export async function asRoot(host: string, line: string): Promise<string> {
  const { code, stdout, stderr } = await run([...rootPrefix, host, "sh", "-c", line], "");
  if (code !== 0) throw new Error(`${host}: ${line}: ${stderr}`);
  return stdout;
}

let made: Promise<Output> | undefined;

/** A directory of the user's that all hosts have, for this file of tests. */
export async function directory(): Promise<string> {
  made ??= asUser(["sh", "-c", `cd && mkdir -p tsmpi-test/${process.pid} && cd tsmpi-test/${process.pid} && pwd`]);
  return (await made).stdout.trim();
}

afterAll(async () => {
  if (made !== undefined) await asUser(["rm", "-rf", await directory()]);
});

export async function write(files: Readonly<Record<string, string>>): Promise<void> {
  const place = await directory();
  for (const [name, text] of Object.entries(files)) {
    const { code, stderr } = await asUser(
      ["sh", "-c", `mkdir -p "$(dirname "$1")" && cat > "$1"`, "sh", `${place}/${name}`],
      text,
    );
    if (code !== 0) throw new Error(`${name}: ${stderr}`);
  }
}

/** A job that runs, or waits to. */
export class Job {
  readonly id: string;
  readonly #base: string;

  constructor(id: string, base: string) {
    this.id = id;
    this.#base = base;
  }

  /** What it has printed so far; PBS shows a job's output only when it has ended, so the script writes it itself. */
  get stdout(): string {
    return read(`${this.#base}.out`);
  }

  get stderr(): string {
    return read(`${this.#base}.err`);
  }

  /** The hosts of its node file, in order, once it runs. */
  get nodes(): string[] {
    return read(`${this.#base}.nodes`).split("\n").filter(Boolean);
  }

  /** Resolves when there is this text in what it has printed. */
  async shows(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      if (await this.#hasEnded()) throw new Error(`ended before it showed "${text}":\n${this.stdout}\n${this.stderr}`);
      await sleep(200);
    }
  }

  async ended(): Promise<Ended> {
    while (!(await this.#hasEnded())) await sleep(300);
    const [code = "", begun = "", ended = ""] = read(`${this.#base}.code`).split("\n");
    const { nodes, stdout, stderr } = this;
    return { code: code === "" ? -1 : Number(code), seconds: Number(ended) - Number(begun), nodes, stdout, stderr };
  }

  async #hasEnded(): Promise<boolean> {
    const { stdout, code } = await asUser(["qstat", "-x", "-f", this.id]);
    return code !== 0 || /job_state = [FX]/.test(stdout);
  }
}

let jobs = 0;

/**
 * Submits these lines as a job's script, in which `tsmpi` is the command, and the directory is that of the tests. What it
 * prints goes to files, as in most job scripts.
 */
export async function start(select: string, lines: string, options: readonly string[] = []): Promise<Job> {
  const place = await directory();
  const base = `${place}/job-${++jobs}`;
  const script = `cp "$PBS_NODEFILE" ${base}.nodes
    export PATH="$(dirname "${process.execPath}"):$PATH"
    tsmpi() { "${process.execPath}" "${tsmpi}" "$@"; }
    cd ${place}
    begun=$(date +%s)
    {
    ${lines}
    } > ${base}.out 2> ${base}.err
    printf '%s\\n%s\\n%s\\n' $? $begun $(date +%s) > ${base}.code`;
  const arrangement = select.includes("+") || !select.startsWith("1:") ? ["-l", "place=scatter"] : [];
  const all = ["qsub", "-N", "tsmpi-test", "-l", `select=${select}`, ...arrangement, ...options];
  const { code, stdout, stderr } = await asUser([...all, "-o", `${base}.o`, "-e", `${base}.e`], script);
  if (code !== 0) throw new Error(`qsub: ${stderr}`);
  return new Job(stdout.trim(), base);
}

export async function submit(select: string, lines: string, options: readonly string[] = []): Promise<Ended> {
  return (await start(select, lines, options)).ended();
}

/** Submits a user's own job script as it is, from the directory of the tests; PBS keeps what it prints. */
export async function submitScript(script: string): Promise<Output> {
  const base = `${await directory()}/job-${++jobs}`;
  const words = ["sh", "-c", `cd "$(dirname "$1")" && qsub -N tsmpi-test -o "$1.o" -e "$1.e"`, "sh", base];
  const { code, stdout, stderr } = await asUser(words, script.replace(/^(?!#)/m, `${setPath}\n`));
  if (code !== 0) throw new Error(`qsub: ${stderr}`);
  const id = stdout.trim();
  await new Job(id, base).ended();
  const status = (await asUser(["qstat", "-x", "-f", id])).stdout;
  return {
    code: Number(/Exit_status = (-?\d+)/.exec(status)?.[1] ?? -1),
    stdout: read(`${base}.o`),
    stderr: read(`${base}.e`),
  };
}

/** The most CPUs that a host has for a job. */
export async function cpusOfHost(): Promise<number> {
  const { stdout } = await asUser(["pbsnodes", "-a"]);
  return Math.max(...[...stdout.matchAll(/resources_available\.ncpus = (\d+)/g)].map(([, count]) => Number(count)));
}

/** An interactive job (`qsub -I`), at whose prompt lines are typed, in the directory of the tests. */
export class Terminal {
  readonly #child: ChildProcess;
  #shown = "";

  private constructor(select: string) {
    const line = `qsub -I -N tsmpi-test -l select=${select} -l place=scatter`;
    const [command, ...args] = [...userPrefix, "script", "-qefc", line, "/dev/null"];
    this.#child = spawn(command as string, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#shown += text;
    });
  }

  static async open(select: string): Promise<Terminal> {
    const terminal = new Terminal(select);
    await terminal.shows(/ready[\s\S]*[$#>] $/);
    // A wide screen breaks no lines, and the prompt shows the exit code.
    await terminal.type(`bind 'set enable-bracketed-paste off'; stty cols 1000; cd ${await directory()}; PS1='<$?> '`);
    await terminal.type(setPath);
    return terminal;
  }

  /** Types a line, and resolves when the prompt is back, with what was shown before it. */
  async type(line: string): Promise<{ code: number; shown: string }> {
    this.enter(line);
    return this.prompt();
  }

  /** Types a line. */
  enter(line: string): void {
    this.#shown = "";
    this.press(`${line}\r`);
  }

  /** "\x03" is Ctrl-C. */
  press(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Resolves at the next prompt; `shown` is all since the line that was typed last. */
  async prompt(): Promise<{ code: number; shown: string }> {
    const [, text = "", code] = await this.shows(/^[^\n]*\n([\s\S]*)<(\d+)> $/);
    return { code: Number(code), shown: text };
  }

  /** Resolves when what was shown since the last line that was typed matches. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are told besides text
      const match = pattern.exec(this.#shown.replace(/\x1b\[[\d;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\r/g, ""));
      if (match !== null) return match;
      if (this.#child.exitCode !== null) throw new Error(`ended before it showed ${pattern}:\n${this.#shown}`);
      await sleep(50);
    }
  }

  /** Ends the job, whatever still runs in it. */
  async close(): Promise<void> {
    this.#shown = "";
    this.press("\x03");
    await this.prompt(); // what is typed before Ctrl-C has had its effect is thrown away
    this.enter("exit");
    while (this.#child.exitCode === null) await sleep(50);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // not yet
  }
}

function words(text = ""): string[] {
  return text.split(" ").filter(Boolean);
}

function run([command, ...args]: readonly string[], input: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command as string, args, { stdio: ["pipe", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
