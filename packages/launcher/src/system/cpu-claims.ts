import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { numbersIn } from "./number-list.ts";
import { namesIn } from "./or-empty.ts";
import { processStat } from "./process-stat.ts";

/** Where jobs of all users of a host find each other's claims. */
const places = ["/dev/shm", "/tmp"];
const mark = "tsmpi-cpus";
/** Two jobs that claim at the same moment try again, each after another pause. */
const mostAttempts = 20;
const longestPauseMs = 50;

/** CPUs that a job has taken, and the process that holds them. */
export interface Claim {
  pid: number;
  cpus: readonly number[];
}

/**
 * The CPUs of this host that jobs have bound ranks to, as a file for each job and host, so that two jobs do not bind ranks
 * to the same ones. A claim ends with the process that made it: the file's name has its id and its start. So a killed
 * process leaves a file behind, but no claim. It also has the host's name: hosts may share the place.
 *
 * There is no lock, which a killed process could leave locked. A job writes its claim first, then reads the others'. Of two jobs that
 * claim one CPU at least one sees the other. Who sees another takes its claim back and tries again.
 */
export class CpuClaims {
  readonly #place: string;
  readonly #name: string;

  /** `job` keeps two claims of one process apart. `place`: where the claims are, if not at the usual place. */
  constructor(job: string, place?: string) {
    this.#place = place || usualPlace();
    this.#name = [mark, hostname(), process.pid, startOf(process.pid), job].join(",");
  }

  /** Claims what `choose` returns, which gets the claims of the jobs that run, but those of `besides`; throws as it does. */
  async claim(choose: (others: readonly Claim[]) => readonly number[], besides?: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const wanted = choose(this.#others(besides));
        this.#write(wanted);
        const isFree = !this.#others(besides).some(({ cpus }) => cpus.some((cpu) => wanted.includes(cpu)));
        if (isFree) return;
        this.release();
      } catch (error) {
        // Another job may be about to take its claim back.
        if (attempt >= mostAttempts || this.#others(besides).length === 0) throw error;
      }
      await sleep(Math.random() * longestPauseMs);
    }
  }

  /** Best effort: a claim ends with this process in any case. */
  release(): void {
    rmSync(this.file, { force: true });
  }

  get file(): string {
    return join(this.#place, this.#name);
  }

  #write(cpus: readonly number[]): void {
    const draft = join(this.#place, `.${this.#name}`); // a reader never sees half of it
    writeFileSync(draft, cpus.join(","), { mode: 0o644 });
    chmodSync(draft, 0o644); // whatever the umask is: other users' jobs are to read it
    renameSync(draft, this.file);
  }

  #others(besides: string | undefined): Claim[] {
    return namesIn(this.#place).flatMap((name) => {
      const [first, host, pid, start, job] = name.split(",");
      if (first !== mark || host !== hostname() || name === this.#name) return [];
      if (String(startOf(Number(pid))) !== start) return this.#drop(name);
      const cpus = job === besides ? [] : (numbersIn(this.#read(name)) ?? []);
      return cpus.length === 0 ? [] : [{ pid: Number(pid), cpus }];
    });
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#place, name), "utf8");
    } catch {
      return ""; // it has just ended
    }
  }

  #drop(name: string): [] {
    try {
      rmSync(join(this.#place, name), { force: true });
    } catch {} // another user's
    return [];
  }
}

/** When a process was started, in the kernel's ticks; 0 if it is not there any more. */
function startOf(pid: number): number {
  const stat = processStat(pid);
  return stat === undefined || stat.state === "Z" ? 0 : Math.round(stat.startedAt * 100);
}

function usualPlace(): string {
  return places.find((place) => existsSync(place)) ?? "/tmp";
}
