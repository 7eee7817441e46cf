import { type ChildProcess, spawn } from "node:child_process";
import { env } from "@tsmpi/core/bootstrap";

/**
 * Cleans up after an agent that is killed: a POSIX shell that reads from a pipe which the agent holds. If the pipe ends without
 * `done`, the agent is dead. The shell then kills the processes that the agent has left behind, and removes the job's
 * directories.
 *
 * It also works if ranks are in an endless loop or never called init(). It costs a millisecond at the start.
 */
export class Guardian {
  readonly #shell: ChildProcess;
  #answered: Promise<string> = Promise.resolve("");

  /** It kills processes with `mark` in their environment, and removes `directories`. */
  constructor({ mark, directories }: { mark: string; directories: readonly string[] }) {
    this.#shell = spawn("/bin/sh", ["-c", script, "tsmpi-guardian", mark, ...directories], {
      stdio: ["pipe", "pipe", "ignore"],
      // Its own session, under PBS too: PBS kills everything in a task's session when the agent is dead, and the job's files
      // would stay in memory. The guardian ends a second after the agent in any case.
      detached: true,
      // Without the mark, so that the shell does not kill itself.
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
      cwd: "/",
    });
    // A job runs without a guardian too: in all other cases the agent itself cleans up.
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
    // Undefined if the limit of open files is reached.
    for (const stream of [this.#shell.stdin, this.#shell.stdout]) (stream as { unref?(): void } | undefined)?.unref?.();
  }

  /**
   * Makes named pipes in the first of the directories. Returns whether it could. Node cannot make them, and one more process
   * would take a third of the time in which two ranks start.
   */
  async makePipes(names: readonly string[]): Promise<boolean> {
    return (await this.#ask(`pipes ${names.join(" ")}`)) === "made";
  }

  /**
   * Opens a pipe without a name. To open a named pipe blocks for ever when its writers are gone, so `/dev/stdin` of a rank must
   * not be one. A subshell holds the pipe until `open` has opened its path. Undefined without a shell or without /proc.
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

  /** One question after the other: answers do not say which they belong to. */
  #ask(line: string): Promise<string> {
    const answer = this.#answered.then(() => this.#askNow(line));
    this.#answered = answer;
    return answer;
  }

  #askNow(line: string): Promise<string> {
    const { stdin, stdout } = this.#shell;
    stdin?.write(`${line}\n`);
    return new Promise((resolve) => {
      if (stdin == null || stdout == null || stdout.closed) resolve("no shell");
      const closed = (): void => resolve("no shell");
      stdout?.once("data", (bytes: Buffer) => {
        stdout.off("close", closed);
        resolve(bytes.toString().trimEnd());
      });
      stdout?.once("close", closed);
    });
  }

  /** `target` as for `kill`: a process id, or minus a process group id. */
  watch(target: number): void {
    this.#shell.stdin?.write(`add ${target}\n`);
  }

  forget(target: number): void {
    this.#shell.stdin?.write(`del ${target}\n`);
  }

  /** Ends the guardian: the agent has cleaned up itself. */
  dismiss(): void {
    this.#shell.stdin?.end("done\n");
  }
}

/**
 * A variable that every process of an agent's ranks has in its environment, unless it has removed it. It marks the agent and
 * not the job: if a scheduler knows a machine by two names, two agents of a job are on it.
 */
export function agentMark({ job, node }: { job: string; node: number | "launcher" }): string {
  return `${env.agent}=${node}@${job}`;
}

// Not `kill -KILL --`: dash would take the -- for a process.
// Ranks that were started just before the agent died are not in the list yet. So it also searches environments, more than once.
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
