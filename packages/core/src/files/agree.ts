import { MpiError, type MpiErrorCode, messageOf } from "../calls/errors.ts";
import { allgather } from "../collectives/algorithms/index.ts";
import type { Peers } from "../wire/peers.ts";

/** What went wrong on a rank, as the others are told. */
interface Report {
  readonly code: MpiErrorCode;
  readonly why: string;
  readonly rank: number;
  readonly host: string;
  readonly cause: unknown;
}

/** An error of the file system as one of ours; others as they are. */
export function asIoError(error: unknown, about: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof MpiError || code === undefined || syscall === undefined) return error;
  return new MpiError("io", `${about}: ${adviceFor(code) ?? messageOf(error)}`, { cause: error });
}

const advice: Readonly<Record<string, string>> = {
  ENOSPC: "the file system is full (ENOSPC)",
  EDQUOT: "the quota of this user is used up (EDQUOT)",
  EFBIG: "the limit of file sizes is reached (EFBIG): ulimit -f, or what the file system permits",
  EROFS: "the file system may only be read (EROFS)",
  EISDIR: "it is a directory (EISDIR)",
  EACCES: "permission denied (EACCES)",
  EEXIST: "there is a file of this name (EEXIST)",
  ENOENT: "there is no such file or directory (ENOENT)",
};

function adviceFor(code: string): string | undefined {
  return Object.hasOwn(advice, code) ? advice[code] : undefined;
}

/** What all ranks throw: the error of one of them. */
class AgreedError extends Error {
  readonly agreed: MpiError;

  constructor(agreed: MpiError) {
    super(agreed.message);
    this.agreed = agreed;
  }
}

/**
 * The result of a collective, or the error that all ranks have agreed on. As a value: a collective that throws would tell the other
 * ranks, which know it already.
 */
export async function settled<R>(work: () => Promise<R>): Promise<R | MpiError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AgreedError) return error.agreed;
    throw error;
  }
}

/** What `work` gives on this rank, if it gives something on all ranks; otherwise they all throw the error of one of them. */
export async function onAllRanks<R>(peers: Peers, host: string, work: () => R | Promise<R>): Promise<R> {
  let result: R | undefined;
  const error = await caught(async () => {
    result = await work();
  });
  await agreeOn(peers, host, error);
  return result as R;
}

/** What `work` throws. */
export async function caught(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Ends a step of a collective: all ranks have called it when it returns, and if one of them has an error, all throw that of the lowest
 * rank.
 */
export async function agreeOn(peers: Peers, host: string, error: unknown): Promise<void> {
  const report = error === undefined ? null : reportOf(error, peers.rank, host);
  const first = (await allgather<Report | null>(peers, report)).find((each) => each !== null);
  if (first === undefined || first === null) return;
  const { code, why, rank, cause } = first;
  const where = rank === peers.rank ? "" : ` (rank ${rank} on ${first.host})`;
  throw new AgreedError(new MpiError(code, `${why}${where}`, { cause }));
}

function reportOf(error: unknown, rank: number, host: string): Report {
  const code = error instanceof MpiError ? error.code : "io";
  const cause = error instanceof Error ? error.cause : undefined;
  return { code, why: messageOf(error), rank, host, cause: cause instanceof Error ? cause : null };
}
