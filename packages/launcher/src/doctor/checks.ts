import { shareOut } from "@tsmpi/core/bootstrap";
import { enoughBytes } from "../agent/job-directory.ts";
import { threadsOfRank } from "../system/resource-limits.ts";
import { type Facts, type Links, type NativePackage, nativePackages, type ProbedHost } from "./facts.ts";
import { size } from "./table.ts";

/** `wrong`: a job would fail, or do what no user expects. `odd`: a job runs, perhaps worse. */
export type Finding = { wrong: string } | { odd: string };

/** A host whose probe has answered, beside the rest of the job. */
export interface Checked {
  facts: Facts;
  /** Slots of this host, and of all hosts together. */
  slots: number;
  allSlots: number;
  /** The first host that answered: the others are compared with it. */
  first: Facts;
  /** The launcher's directory. */
  directory: string;
}

/** Without one of them no job runs, or only some jobs. */
const needed: ReadonlySet<string> = new Set(["zeromq", "esbuild"]);

/** A rank with no data of its own takes 700 MB of addresses; with less V8 cannot start. */
const leastAddresses = 1 << 30;
/** With fewer, arrays have too little room first. */
const fewAddresses = 12e9;
const leastData = 300e6;
/** V8 uses 984 KiB without reading any limit. */
const leastStack = 1 << 20;
/** Ranks of a host share rings of 256 KiB in files; the script and its imports are files too. */
const leastFile = 1 << 20;
const clockToleranceMs = 1000;
/** A process that is alone on its CPU takes 5 ms to this point. */
const slowCertificatesMs = 20;

/** What a host checks alone, in the order of the report. */
export const checks: readonly ((host: Checked) => Iterable<Finding>)[] = [
  versions,
  directoryOf,
  filesAndThreads,
  shortage,
  binaries,
  addresses,
  space,
  startUp,
];

function* versions({ facts, first }: Checked): Generator<Finding> {
  if (facts.version !== first.version) yield { wrong: `tsmpi ${facts.version}, elsewhere ${first.version}` };
  const node = `Node.js ${facts.nodeVersion}, elsewhere ${first.nodeVersion}`;
  if (major(facts.nodeVersion) !== major(first.nodeVersion)) yield { wrong: node };
  else if (facts.nodeVersion !== first.nodeVersion) yield { odd: node };
}

function* directoryOf({ facts, directory }: Checked): Generator<Finding> {
  if (facts.directory === "missing") yield { wrong: `there is no directory ${directory} (--wdir)` };
  if (facts.directory === "another")
    yield {
      wrong: `${directory} is not the launcher's: scripts and data have to be put there, or into a shared directory`,
    };
  if (facts.directory === "unknown")
    yield { odd: `whether ${directory} is shared is not known: it cannot be written to` };
}

/** A rank has a dozen threads, which count as processes, and some files for each peer. */
function* filesAndThreads({ facts, slots, allSlots }: Checked): Generator<Finding> {
  const files = 256 + 2 * allSlots + 8 * slots;
  if (facts.openFiles !== undefined && facts.openFiles < files)
    yield { wrong: `only ${facts.openFiles} open files are allowed (ulimit -n), ${allSlots} ranks may need ${files}` };
  const processes = 64 + 16 * slots;
  const threads = threadsOfRank * slots;
  if (facts.processes !== undefined && facts.processes < processes)
    yield { wrong: `only ${facts.processes} processes are allowed (ulimit -u), its ranks may need ${processes}` };
  else if (facts.threadsLeft !== undefined && facts.threadsLeft < threads)
    yield {
      wrong: `${facts.threadsLeft} more threads are allowed (ulimit -u), its ranks need ${threads}: end other processes`,
    };
}

/** Limits with which ranks do not start, or end without a sentence of their own. */
function shortage({ facts: { addressSpace, dataBytes, fileBytes, stackBytes } }: Checked): Finding[] {
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
    is !== undefined && is < least ? [{ wrong: `ranks need ${size(least)} and have ${size(is)} of ${what}` }] : [],
  );
}

function* binaries({ facts }: Checked): Generator<Finding> {
  for (const [name, consequence] of Object.entries(nativePackages)) {
    const reason = facts.broken?.[name as NativePackage];
    if (reason === undefined) continue;
    const text = `${reason}; ${consequence}`;
    yield needed.has(name) ? { wrong: text } : { odd: text };
  }
  if (facts.forgets !== undefined) yield { odd: `each run transforms the script anew: ${facts.forgets}` };
}

function* addresses({ facts: { addressSpace, cpuSeconds } }: Checked): Generator<Finding> {
  if (addressSpace !== undefined && addressSpace >= leastAddresses && addressSpace < fewAddresses)
    yield {
      odd: `ulimit -v leaves ${size(addressSpace)} of addresses: arrays have less room, WebAssembly is slower, and slips in the source are not looked for; ask PBS for mem in place of vmem and pvmem`,
    };
  if (cpuSeconds !== undefined)
    yield { odd: `a rank is killed after ${cpuSeconds} s of CPU time (ulimit -t, pcput of PBS)` };
}

function* space({ facts, slots }: Checked): Generator<Finding> {
  if (facts.temporaryBytes === undefined) yield { wrong: `TMPDIR ${facts.temporary} cannot be written to` };
  if (shareOut(facts.memoryBytes ?? 0, slots) !== undefined) return;
  yield {
    odd: `/dev/shm has ${size(facts.memoryBytes)} free, too little for ${slots} ranks: ranks of this host talk over ZeroMQ, which is slower`,
  };
  if ((facts.temporaryBytes ?? enoughBytes) < enoughBytes)
    yield { wrong: `neither /dev/shm nor TMPDIR ${facts.temporary} has ${size(enoughBytes)} free` };
}

function* startUp({ facts, slots }: Checked): Generator<Finding> {
  if (facts.cpus < slots) yield { odd: `${slots} slots on ${facts.cpus} CPUs: ranks get in each other's way` };
  const { certificatesMs = 0 } = facts;
  if (certificatesMs > slowCertificatesMs)
    yield {
      odd: `each rank starts ${Math.round(certificatesMs)} ms later because NODE_EXTRA_CA_CERTS is set; where it opens no TLS connections, --env NODE_EXTRA_CA_CERTS= saves them`,
    };
}

/** Whether a host reaches all others that were started, and has the first one's time. `hosts` are all, by rank. */
export function* checkLinks(hosts: readonly ProbedHost[], rank: number, links: Links | undefined): Generator<Finding> {
  if (links === undefined) {
    if (hosts.filter(({ cause }) => cause === undefined).length > 1) yield { wrong: "could not reach the other hosts" };
    return;
  }
  for (const [peer, { name, cause }] of hosts.entries()) {
    if (cause !== undefined || peer === rank) continue;
    const link = links.links[peer];
    if (link === undefined) yield { wrong: `no message came back from ${name}` };
    else if ("reason" in link) yield { wrong: `no message came back from ${name}: ${link.reason}` };
  }
  const { clockMs = 0 } = links;
  if (Math.abs(clockMs) > clockToleranceMs)
    yield { wrong: `its clock is ${Math.abs(clockMs / 1000).toFixed(1)} s ${clockMs > 0 ? "ahead" : "behind"}` };
}

function major(version: string): string {
  return version.split(".")[0]!;
}
