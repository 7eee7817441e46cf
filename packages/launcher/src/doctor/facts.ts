/** Packages with a native binary, and the consequence when it cannot be loaded. */
export const nativePackages = {
  zeromq: "ranks on several hosts cannot talk, and those of one host only through /dev/shm",
  esbuild: "scripts cannot be transformed",
  koffi: "ranks of this host do not share memory, which is faster than ZeroMQ",
  "oxc-parser": "tsmpi run does not look for slips in the source",
} as const;
export type NativePackage = keyof typeof nativePackages;

/** What the probe of `tsmpi doctor` finds out on its host. */
export interface Facts {
  nodePath: string;
  nodeVersion: string;
  /** Of tsmpi. */
  version: string;
  /** The launcher's directory: the same one, another one of that name, none; unknown if the launcher cannot write into it. */
  directory: "shared" | "another" | "missing" | "unknown";
  /** The limit of a process; undefined: none. */
  openFiles?: number;
  /** The limit of a user; undefined: none. */
  processes?: number;
  /** How many more threads the user may start; undefined: very many. */
  threadsLeft?: number;
  /** Limits in bytes; undefined: none. */
  addressSpace?: number;
  dataBytes?: number;
  fileBytes?: number;
  stackBytes?: number;
  /** The limit of a process; undefined: none. */
  cpuSeconds?: number;
  cpus: number;
  /** Free in /dev/shm; undefined: there is no such place. */
  memoryBytes?: number;
  /** TMPDIR, and the free space there; undefined: it cannot be written to. */
  temporary: string;
  temporaryBytes?: number;
  /** Native binaries that cannot be loaded, by package, with the reason. */
  broken?: Partial<Record<NativePackage, string>>;
  /** Why transformed TypeScript is not kept for the next run. */
  forgets?: string;
  /** How long Node read the certificates of NODE_EXTRA_CA_CERTS before it began; undefined: it did not. */
  certificatesMs?: number;
}

/** What the probe finds out together with the other hosts; missing if the hosts could not form a world. */
export interface Links {
  /** By rank, without this host's own. */
  links: Record<number, { roundTripMs: number } | { reason: string }>;
  /** How much its clock is ahead of the first host's. */
  clockMs?: number;
}

/** A host as the launcher knows it, and what its probe found. */
export interface ProbedHost {
  name: string;
  slots: number;
  facts?: Facts;
  links?: Links;
  /** What was printed there on stderr. */
  complaint?: string;
  /** Why nothing could be started there. */
  cause?: string;
}
