import type { Case } from "../../case.ts";
import { cases as grids } from "./grids.ts";
import { cases as numbers } from "./numbers.ts";
import { cases as work } from "./work.ts";

/** The example programs of the books on MPI and of mpi4py's demos, each with its answer computed by one rank alone. */
export const cases: Case[] = [...numbers, ...grids, ...work];
