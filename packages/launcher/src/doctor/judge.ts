import { shareOut } from "@tsmpi/core/bootstrap";
import { enoughBytes } from "../agent/job-directory.ts";
import { columns } from "../reports/table.ts";
import { threadsOfRank } from "../system/resource-limits.ts";

/** What a package's binary is for. Without one of the first two no job, or only a part of them, can run. */
const nativePackages = {
  zeromq: "ranks on several hosts cannot talk, and those of one host only through /dev/shm",
  esbuild: "scripts cannot be transformed",
  koffi: "ranks of this host do not share memory, which is faster than ZeroMQ",
  "oxc-parser": "tsmpi run does not look for slips in the source",
} as const;
const needed: ReadonlySet<string> = new Set(["zeromq", "esbuild"]);
export type NativePackage = keyof typeof nativePackages;

/** What `tsmpi doctor` finds out on one host, there. */
export interface Facts {
  nodePath: string;
  nodeVersion: string;
  /** Of tsmpi. */
  version: string;
  /** The launcher's directory: the same one, another one of that name, none; or the launcher cannot write into it. */
  directory: "shared" | "another" | "missing" | "unknown";
  /** Limits are for a process and a user; undefined: none. */
  openFiles?: number;
  processes?: number;
  /** How many more the user may start; undefined: very many. */
  threadsLeft?: number;
  /** In bytes; undefined: none. */
  addressSpace?: number;
  dataBytes?: number;
  fileBytes?: number;
  stackBytes?: number;
  /** Of a process, in seconds; undefined: any. */
  cpuSeconds?: number;
  cpus: number;
  /** Free in /dev/shm; undefined: there is no such place. */
  memoryBytes?: number;
  /** TMPDIR, and what is free there; undefined: it cannot be written to. */
  temporary: string;
  temporaryBytes?: number;
  /** Native binaries that cannot be loaded, by package, with the reason. */
  broken?: Partial<Record<NativePackage, string>>;
  /** Why TypeScript that was transformed once is not kept for the next run. */
  forgets?: string;
  /** How long Node read the certificates of NODE_EXTRA_CA_CERTS before it began; undefined: it did not. */
  certificatesMs?: number;
}

/** What it finds out together with the others; missing where the hosts could not form a world. */
export interface Links {
  /** By rank, this one's own left out. */
  links: Record<number, { roundTripMs: number } | { reason: string }>;
  /** How much its clock is ahead of the first host's. */
  clockMs?: number;
}

/** A host as the launcher knows it, and what came back from there. */
export interface Patient {
  name: string;
  slots: number;
  facts?: Facts;
  links?: Links;
  /** What was printed there on stderr. */
  complaint?: string;
  /** Why nothing could be started there. */
  cause?: string;
}

export interface Diagnosis {
  table: string;
  /** A sentence each. A job would fail, or give what nobody expects. */
  problems: string[];
  /** Odd, but a job runs. */
  notes: string[];
}

/** A rank with no data of its own takes 700 MB of addresses; with less V8 cannot start. */
const leastAddresses = 1 << 30;
/** With fewer, arrays are what suffers first. */
const fewAddresses = 12e9;
const leastData = 300e6;
/** V8 uses 984 KiB, and looks at no limit before it does. */
const leastStack = 1 << 20;
/** Ranks of a host talk through files of 256 KiB; the script and its imports are files too. */
const leastFile = 1 << 20;
const clockToleranceMs = 1000;
/** A process that is alone on its CPU comes so far in 5 ms. */
const slowCertificatesMs = 20;

/**
 * Judges what was found on the hosts of a job, the first of which is the one that others are compared with. Knows what
 * the numbers are good for: a rank has a dozen threads, which count as processes, and some files for each peer.
 */
export function judge(patients: readonly Patient[], directory: string): Diagnosis {
  const problems: string[] = [];
  const notes: string[] = [];
  const first = patients.find(({ facts }) => facts !== undefined)?.facts;
  const slots = patients.reduce((sum, patient) => sum + patient.slots, 0);
  for (const [rank, patient] of patients.entries()) {
    const { name, facts, links, complaint, cause } = patient;
    const wrong = (text: string): unknown => problems.push(`${name}: ${text}`);
    const odd = (text: string): unknown => notes.push(`${name}: ${text}`);
    if (cause !== undefined) {
      wrong(cause);
      continue;
    }
    if (facts === undefined || first === undefined) {
      wrong(`nothing was heard from this host${complaint === undefined ? "" : `: ${complaint}`}`);
      continue;
    }
    if (facts.version !== first.version) wrong(`tsmpi ${facts.version}, elsewhere ${first.version}`);
    if (major(facts.nodeVersion) !== major(first.nodeVersion))
      wrong(`Node.js ${facts.nodeVersion}, elsewhere ${first.nodeVersion}`);
    else if (facts.nodeVersion !== first.nodeVersion)
      odd(`Node.js ${facts.nodeVersion}, elsewhere ${first.nodeVersion}`);
    if (facts.directory === "missing") wrong(`there is no directory ${directory} (--wdir)`);
    if (facts.directory === "another")
      wrong(`${directory} is not the launcher's: scripts and data have to be put there, or into a shared directory`);
    if (facts.directory === "unknown") odd(`whether ${directory} is shared is not known: it cannot be written to`);
    const files = 256 + 2 * slots + 8 * patient.slots;
    if (facts.openFiles !== undefined && facts.openFiles < files)
      wrong(`only ${facts.openFiles} open files are allowed (ulimit -n), ${slots} ranks may need ${files}`);
    const processes = 64 + 16 * patient.slots;
    if (facts.processes !== undefined && facts.processes < processes)
      wrong(`only ${facts.processes} processes are allowed (ulimit -u), its ranks may need ${processes}`);
    else if (facts.threadsLeft !== undefined && facts.threadsLeft < threadsOfRank * patient.slots)
      wrong(
        `${facts.threadsLeft} more threads are allowed (ulimit -u), its ranks need ${threadsOfRank * patient.slots}: end other processes`,
      );
    for (const text of shortage(facts)) wrong(text);
    for (const [pkg, use] of Object.entries(nativePackages)) {
      const reason = facts.broken?.[pkg as NativePackage];
      if (reason !== undefined) (needed.has(pkg) ? wrong : odd)(`${reason}; ${use}`);
    }
    if (facts.forgets !== undefined) odd(`each run transforms the script anew: ${facts.forgets}`);
    if (facts.addressSpace !== undefined && facts.addressSpace >= leastAddresses && facts.addressSpace < fewAddresses)
      odd(
        `ulimit -v leaves ${size(facts.addressSpace)} of addresses: arrays have less room, WebAssembly is slower, and slips in the source are not looked for; ask PBS for mem in place of vmem and pvmem`,
      );
    if (facts.cpuSeconds !== undefined)
      odd(`a rank is killed after ${facts.cpuSeconds} s of CPU time (ulimit -t, pcput of PBS)`);
    if (facts.temporaryBytes === undefined) wrong(`TMPDIR ${facts.temporary} cannot be written to`);
    if (shareOut(facts.memoryBytes ?? 0, patient.slots) === undefined) {
      const rest = "ranks of this host talk over ZeroMQ, which is slower";
      odd(`/dev/shm has ${size(facts.memoryBytes)} free, too little for ${patient.slots} ranks: ${rest}`);
      if ((facts.temporaryBytes ?? enoughBytes) < enoughBytes)
        wrong(`neither /dev/shm nor TMPDIR ${facts.temporary} has ${size(enoughBytes)} free`);
    }
    if (facts.cpus < patient.slots) odd(`${patient.slots} slots on ${facts.cpus} CPUs: ranks get in each other's way`);
    if ((facts.certificatesMs ?? 0) > slowCertificatesMs)
      odd(
        `each rank starts ${Math.round(facts.certificatesMs!)} ms later because NODE_EXTRA_CA_CERTS is set; where it opens no TLS connections, --env NODE_EXTRA_CA_CERTS= saves them`,
      );
    if (links === undefined) {
      if (patients.filter((other) => other.cause === undefined).length > 1) wrong("could not reach the other hosts");
      continue;
    }
    for (const [peer, { name: other, cause: absent }] of patients.entries()) {
      if (absent !== undefined) continue;
      const link = links.links[peer];
      if (peer !== rank && (link === undefined || "reason" in link))
        wrong(`no message came back from ${other}${link === undefined ? "" : `: ${link.reason}`}`);
    }
    if (Math.abs(links.clockMs ?? 0) > clockToleranceMs)
      wrong(`its clock is ${Math.abs(links.clockMs! / 1000).toFixed(1)} s ${links.clockMs! > 0 ? "ahead" : "behind"}`);
  }
  return { table: table(patients), problems, notes };
}

/** Limits with which ranks do not start, or end without a sentence of their own. */
function shortage({ addressSpace, dataBytes, fileBytes, stackBytes }: Facts): string[] {
  const limits = [
    {
      is: addressSpace,
      least: leastAddresses,
      what: "addresses (ulimit -v); ask PBS for more vmem and pvmem, or for mem alone",
    },
    { is: dataBytes, least: leastData, what: "data (ulimit -d)" },
    { is: fileBytes, least: leastFile, what: "a file (ulimit -f)" },
    { is: stackBytes, least: leastStack, what: "stack (ulimit -s)" },
  ];
  return limits.flatMap(({ is, least, what }) =>
    is !== undefined && is < least ? [`ranks need ${size(least)} and have ${size(is)} of ${what}`] : [],
  );
}

function table(patients: readonly Patient[]): string {
  const title = "host,slots,CPUs,tsmpi,Node.js,directory,files,processes,/dev/shm,TMPDIR,clock,reaches,node path";
  const rows = patients.map(({ name, slots, facts, links }, rank) => {
    if (facts === undefined) return [name, String(slots), "?", "?", "?", "?", "?", "?", "?", "?", "?", "?", "?"];
    return [
      name,
      String(slots),
      String(facts.cpus),
      facts.version,
      facts.nodeVersion,
      facts.directory,
      String(facts.openFiles ?? "any"),
      String(facts.processes ?? "any"),
      size(facts.memoryBytes),
      size(facts.temporaryBytes),
      rank === 0 ? "first" : clock(links?.clockMs),
      reach(patients.length - 1, links),
      facts.nodePath,
    ];
  });
  return columns([title.split(","), ...rows]);
}

function clock(ms: number | undefined): string {
  return ms === undefined ? "?" : `${ms < 0 ? "-" : "+"}${Math.abs(Math.round(ms))} ms`;
}

/** "2 of 3, 0.4 ms": the slowest. */
function reach(others: number, links: Links | undefined): string {
  if (others === 0) return "-";
  const times = Object.values(links?.links ?? {}).flatMap((link) => ("roundTripMs" in link ? [link.roundTripMs] : []));
  const slowest = times.length === 0 ? "" : `, ${Math.max(...times).toFixed(1)} ms`;
  return `${times.length} of ${others}${slowest}`;
}

function size(bytes: number | undefined): string {
  if (bytes === undefined) return "none";
  return bytes < 1 << 30 ? `${Math.floor(bytes / (1 << 20))} MiB` : `${Math.floor(bytes / (1 << 30))} GiB`;
}

function major(version: string): string {
  return version.split(".")[0]!;
}
