import { type ChildProcess, spawn } from "node:child_process";
import { env } from "@tsmpi/core/bootstrap";

/**
 * Watches over an agent that may be killed at any moment: a POSIX shell that reads from a pipe which the agent holds.
 * When the pipe ends without `done`, the agent is dead, and the shell kills what it has left behind and removes the
 * job's directories.
 *
 * It works also when ranks are busy in an endless loop and never called init(), and costs a millisecond at the start.
 */
export class Guardian {
  readonly #shell: ChildProcess;

  /** `mark` is in the environment of what it kills; `directories` are those that nobody may find when the job is over. */
  constructor({ mark, directories }: { mark: string; directories: readonly string[] }) {
    this.#shell = spawn("/bin/sh", ["-c", script, "tsmpi-guardian", mark, ...directories], {
      stdio: ["pipe", "pipe", "ignore"],
      // Its own session, under PBS too: PBS kills what is left in a task's session once the agent is dead, and then nobody
      // would remove the job's files, which lie in memory. It leaves a second after the agent, whatever happens.
      detached: true,
      // Without the mark, or it would find itself.
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      cwd: "/",
    });
    // A job without guardian is still a job: the agent itself cleans up in every other case.
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
    // They are undefined where no more files may be opened.
    for (const stream of [this.#shell.stdin, this.#shell.stdout]) (stream as { unref?(): void } | undefined)?.unref?.();
  }

  /**
   * Makes named pipes in the first of the directories. Node itself cannot, and to start one more process would take a third
   * of the time in which two ranks are started. Whether it could.
   */
  async makePipes(names: readonly string[]): Promise<boolean> {
    return (await this.#ask(`pipes ${names.join(" ")}`)) === "made";
  }

  /**
   * Opens a pipe without a name. Whoever opens a named one to read when its writers are gone waits for ever for another:
   * `/dev/stdin` of a rank must not be such a one. A subshell has the pipe until `open` has opened its path. Undefined where
   * there is no shell, or no /proc.
   */
  async makeInput<T>(open: (path: string) => T): Promise<T | undefined> {
    const pid = await this.#ask("input");
    try {
      return open(`/proc/${pid}/fd/4`);
    } catch {
      return undefined;
    } finally {
      this.#shell.stdin?.write("taken\n");
    }
  }

  #ask(line: string): Promise<string> {
    const { stdin, stdout } = this.#shell;
    stdin?.write(`${line}\n`);
    return new Promise((resolve) => {
      if (stdin == null || stdout == null || stdout.closed) resolve("no shell");
      stdout?.once("data", (bytes: Buffer) => resolve(bytes.toString().trimEnd()));
      stdout?.once("close", () => resolve("no shell"));
    });
  }

  /** What `kill` takes: a process id, or minus a process group id. */
  watch(target: number): void {
    this.#shell.stdin?.write(`add ${target}\n`);
  }

  forget(target: number): void {
    this.#shell.stdin?.write(`del ${target}\n`);
  }

  /** All is cleaned up: the guardian goes without doing anything. */
  dismiss(): void {
    this.#shell.stdin?.end("done\n");
  }
}

/**
 * What every process of an agent's ranks has in its environment, unless it took pains to remove it. Not of the whole job:
 * another agent of the job may be on the same machine, where a scheduler knows that by two names.
 */
export function agentMark({ job, node }: { job: string; node: number | "launcher" }): string {
  return `${env.agent}=${node}@${job}`;
}

// Not `kill -KILL --`: to dash the -- is a process then.
// Ranks started in the moment in which the agent died are not in the list yet; hence the sweeps by environment, and more
// than one of them.
const script = `
trap '' INT TERM HUP QUIT USR1 USR2 TSTP
exec 3<&0
mark=$1 targets=' '
shift
while read -r verb target; do
  case $verb in
    add) targets="$targets$target " ;;
    del) case $targets in *" $target "*) targets="\${targets%% $target *} \${targets#* $target }" ;; esac ;;
    pipes) if (cd -- "$1" && mkfifo -m 600 -- $target); then echo made; else echo failed; fi ;;
    input) : | { exec 4<&0; read -r self rest < /proc/self/stat; echo "$self"; read -r taken <&3; } ;;
    done) exit 0 ;;
  esac
done
for target in $targets; do kill -s KILL -- "$target"; done
for pause in 0.1 0.4 0; do
  for file in $(grep -l -a -F -- "$mark" /proc/[0-9]*/environ); do
    process=\${file#/proc/}
    kill -KILL "\${process%/environ}"
  done
  sleep $pause
done
rm -rf -- "$@"
`;
