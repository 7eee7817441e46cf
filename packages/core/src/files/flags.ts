import { constants } from "node:fs";
import { invalid, show } from "../calls/check.ts";

/** What the flags of a file mean. */
export interface Access {
  /** For `open(2)` of a file that exists. */
  readonly mode: number;
  /** A file of this name is replaced. */
  readonly isNew: boolean;
  /** There may be no file of this name. */
  readonly isExclusive: boolean;
  /** It is created if it is missing. */
  readonly creates: boolean;
  /** Ordered calls begin at its end. */
  readonly appends: boolean;
}

const { O_RDONLY, O_WRONLY, O_RDWR } = constants;
const existing = { isNew: false, isExclusive: false, creates: false, appends: false };
const fresh = { isNew: true, isExclusive: false, creates: true, appends: false };

/** Node's flags. Appending is by positions: `O_APPEND` would ignore those. */
const flags: Readonly<Record<string, Access>> = {
  r: { ...existing, mode: O_RDONLY },
  "r+": { ...existing, mode: O_RDWR },
  w: { ...fresh, mode: O_WRONLY },
  "w+": { ...fresh, mode: O_RDWR },
  wx: { ...fresh, isExclusive: true, mode: O_WRONLY },
  "wx+": { ...fresh, isExclusive: true, mode: O_RDWR },
  a: { ...existing, creates: true, appends: true, mode: O_WRONLY },
  "a+": { ...existing, creates: true, appends: true, mode: O_RDWR },
};

/** @throws MpiError `invalid-argument` for other flags */
export function accessOf(given: string): Access {
  const access = Object.hasOwn(flags, given) ? flags[given] : undefined;
  if (access !== undefined) return access;
  throw invalid(`flags is ${show(given)}, but it is one of ${Object.keys(flags).join(", ")}`);
}

export function canRead({ mode }: Access): boolean {
  return mode !== O_WRONLY;
}

export function canWrite({ mode }: Access): boolean {
  return mode !== O_RDONLY;
}
