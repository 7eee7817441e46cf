import { env } from "@tsmpi/core/bootstrap";
import { distance } from "fastest-levenshtein";

/** The environment variables of tsmpi: those that it sets for its ranks, and those that a user may set. */
export const variables: ReadonlySet<string> = new Set([
  ...Object.values(env),
  "TSMPI_CHECK",
  "TSMPI_DEBUG",
  "TSMPI_PROGRESS",
  "TSMPI_TMPDIR",
  "TSMPI_TRANSPORT",
  "TSMPI_WALLTIME",
  // The algorithm of a collective.
  "TSMPI_ALLGATHER",
  "TSMPI_ALLREDUCE",
  "TSMPI_ALLTOALL",
  "TSMPI_BARRIER",
  "TSMPI_BCAST",
  "TSMPI_EXSCAN",
  "TSMPI_GATHER",
  "TSMPI_REDUCE",
  "TSMPI_REDUCE_SCATTER",
  "TSMPI_SCAN",
  "TSMPI_SCATTER",
]);

const prefix = "TSMPI_";

/**
 * A sentence for each variable that is nearly one of tsmpi, and so has no effect. Other names that begin with TSMPI_ may belong to
 * a site: a cluster's module sets TSMPI_ROOT.
 */
export function misspelt(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !variables.has(name))
    .flatMap((name) => {
      const meant = nearest(name.slice(prefix.length));
      return meant === undefined ? [] : [`${name} is not a variable of tsmpi (did you mean ${prefix}${meant}?)`];
    });
}

/** The known name that this one becomes by changing at most a third of its letters. */
function nearest(name: string): string | undefined {
  const all = Array.from(variables, (known) => known.slice(prefix.length));
  const [best] = all
    .map((known) => ({ known, changes: distance(name, known) }))
    .filter(({ known, changes }) => changes <= Math.max(1, Math.floor(Math.min(known.length, name.length) / 3)))
    .sort((a, b) => a.changes - b.changes);
  return best?.known;
}
