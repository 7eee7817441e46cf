import { cases as arrayReductions } from "./array-reductions.ts";
import { cases as checkpoints } from "./checkpoints.ts";
import { cases as collectives } from "./collectives.ts";
import { cases as communicators } from "./communicators.ts";
import { cases as failures } from "./failures.ts";
import { cases as files } from "./files.ts";
import { cases as groups } from "./groups.ts";
import { cases as hostMemory } from "./host-memory.ts";
import { cases as intercommunicators } from "./intercommunicators.ts";
import { cases as into } from "./into.ts";
import { cases as map } from "./map.ts";
import { cases as mapConcurrency } from "./map-concurrency.ts";
import { cases as mapFailures } from "./map-failures.ts";
import { cases as mapInputs } from "./map-inputs.ts";
import { cases as mapStream } from "./map-stream.ts";
import { cases as mismatches } from "./mismatches.ts";
import { cases as overlaps } from "./overlaps.ts";
import { cases as ownObjects } from "./own-objects.ts";
import { cases as pointToPoint } from "./point-to-point.ts";
import { cases as pool } from "./pool.ts";
import { cases as programs } from "./programs/index.ts";
import { cases as recovery } from "./recovery.ts";
import { cases as reductions } from "./reductions.ts";
import { cases as regions } from "./regions.ts";
import { cases as requests } from "./requests.ts";
import { cases as topologies } from "./topologies.ts";
import { cases as values } from "./values.ts";
import { cases as windows } from "./windows.ts";

export const themes = {
  "point to point": pointToPoint,
  requests,
  values,
  "arrays of the caller": into,
  collectives,
  reductions: [...reductions, ...arrayReductions],
  "calls that do not fit together": mismatches,
  "regions of arrays": regions,
  "own object or copy": ownObjects,
  "memory that input and output share": overlaps,
  "after a failure": failures,
  recovery,
  communicators,
  checkpoints,
  files,
  groups,
  topologies,
  intercommunicators,
  programs,
  map: [...map, ...mapConcurrency, ...mapFailures, ...mapInputs, ...mapStream],
  pool,
  windows,
  "memory of a host": hostMemory,
};
