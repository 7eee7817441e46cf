import { readOrEmpty } from "./or-empty.ts";

/** A control group that this process is in, at one level. */
export interface Cgroup {
  /** The two versions have other files: `memory.max` is `memory.limit_in_bytes` in version 1. */
  version: 1 | 2;
  /** The text of one of its files; "" if there is none. */
  read(file: string): string;
}

/**
 * The control groups of this process that may limit a resource, from the nearest to the root: a limit at any level holds.
 * Version 2 has one tree of groups, version 1 one for each resource. Empty without cgroups.
 */
export function cgroupsOf(resource: "cpu" | "memory"): Cgroup[] {
  return readOrEmpty("/proc/self/cgroup")
    .split("\n")
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (controllers === undefined || path === undefined) return [];
      if (controllers === "") return groups(2, ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], path);
      if (!controllers.split(",").includes(resource)) return [];
      return groups(1, [`/sys/fs/cgroup/${resource}`, `/sys/fs/cgroup/${controllers}`], path);
    });
}

function groups(version: 1 | 2, roots: readonly string[], path: string): Cgroup[] {
  return levels(path).flatMap((level) =>
    roots.map((root) => ({ version, read: (file) => readOrEmpty(`${root}${level}/${file}`) })),
  );
}

/** "/a/b" -> "/a/b", "/a", "". */
function levels(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return [...parts.keys(), parts.length].map((length) => ["", ...parts.slice(0, length)].join("/")).reverse();
}
