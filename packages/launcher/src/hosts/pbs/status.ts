import { answerOf } from "../tools.ts";
import { pbsTool } from "./tools.ts";

/** A busy server may take long. A launch waits no longer than this for an answer that it can do without. */
const answerMs = 3000;

const answers = new Map<string, Promise<string | undefined>>();

/**
 * What `qstat -f` says of the job's hosts and chunks, with long lines joined. It never changes, so the server is asked
 * once: hundreds of jobs ask the same server. Undefined when there is no answer.
 */
export function jobStatus(job: string): Promise<string | undefined> {
  const answer = answers.get(job) ?? ask(job);
  answers.set(job, answer);
  return answer;
}

async function ask(job: string): Promise<string | undefined> {
  try {
    return (await qstat(job, answerMs)).replaceAll("\n\t", "");
  } catch {
    return undefined;
  }
}

/**
 * What `qstat -f` prints of the job, now.
 *
 * @throws LaunchError when it does not answer in time, or not at all, with the reason.
 */
export async function qstat(job: string, limitMs: number, purpose?: string): Promise<string> {
  return answerOf(pbsTool("qstat", purpose), ["-f", job], limitMs);
}

/** A chunk of the job: its host, and its CPUs where PBS says how many (OpenPBS). */
export interface Chunk {
  host: string;
  cpus: number | undefined;
}

/** `exec_host`: `n1/0*4+n2/0*8` (OpenPBS: a chunk of 4 CPUs, one of 8), `n1/0-3+n2/0` (TORQUE: a slot for each number). */
export function chunksOf(status: string): Chunk[] {
  const text = field(status, "exec_host");
  return (text?.split("+") ?? []).flatMap((word) => {
    const [, host = word, numbers = "", cpus] = /^([^/]+)\/([\d,-]*)(?:\*(\d+))?$/.exec(word) ?? [];
    if (isTorque(status)) return new Array<Chunk>(howMany(numbers)).fill({ host, cpus: undefined });
    return [{ host, cpus: cpus === undefined ? 1 : Number(cpus) }];
  });
}

/**
 * The lines of the job's node file, as far as `qstat -f` tells: `mpiprocs` lines for each chunk of the select line.
 * Undefined where its parts do not fit together.
 */
export function linesOf(status: string): string[] | undefined {
  const chunks = chunksOf(status);
  if (chunks.length === 0) return undefined;
  if (isTorque(status)) return chunks.map(({ host }) => host);
  const select = selectOf(status);
  if (select === undefined) return undefined;
  const lines = select.split("+").flatMap((text) => {
    const words = text.split(":");
    const times = /^\d+$/.test(words[0]!) ? Number(words[0]) : 1;
    const value = (name: string) => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
    return new Array<number>(times).fill(Number(value("mpiprocs") ?? (value("ncpus") === "0" ? 0 : 1)));
  });
  if (lines.length !== chunks.length) return undefined;
  return chunks.flatMap(({ host }, index) => new Array<string>(lines[index]!).fill(host));
}

/** The select line as the user wrote it. */
export function selectOf(status: string): string | undefined {
  return field(status, "Resource_List\\.select");
}

/** TORQUE has no select lines. */
function isTorque(status: string): boolean {
  return field(status, "Resource_List\\.(nodes|neednodes)") !== undefined && field(status, "exec_vnode") === undefined;
}

/** `0-3,5` -> 5. */
function howMany(numbers: string): number {
  return numbers.split(",").reduce((sum, span) => {
    const [first = "0", last = first] = span.split("-");
    return sum + Number(last) - Number(first) + 1;
  }, 0);
}

function field(status: string, name: string): string | undefined {
  return new RegExp(`^\\s*${name} = (.*)$`, "m").exec(status)?.[1]?.trim();
}
