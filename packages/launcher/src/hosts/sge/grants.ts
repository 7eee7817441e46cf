import type { Grants } from "../scheduler.ts";
import { grantsFrom } from "../slot-list.ts";

export const grants: Grants = grantsFrom("SGE");
