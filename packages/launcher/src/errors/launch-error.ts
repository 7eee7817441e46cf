import { exitCodes } from "./exit-codes.ts";

/** Ends the command. Its message is the one sentence that the user sees, after `tsmpi: `. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.launch) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The agents of some hosts did not connect. */
export class HostsError extends LaunchError {
  /** The cause for each host. */
  readonly causes: ReadonlyMap<string, string>;

  constructor(message: string, causes: ReadonlyMap<string, string>) {
    super(message);
    this.causes = causes;
  }
}

/** A mistake in the command line. */
export function usageError(message: string): LaunchError {
  return new LaunchError(message, exitCodes.usage);
}

/** A foreign error in a few words: "no space left on device". */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOSPC":
      return "no space left on device";
    case "EDQUOT":
      return "disk quota exceeded";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ENOENT":
      return "no such file or directory";
    case "ENOTDIR":
      return "not a directory";
    case "EISDIR":
      return "is a directory";
    case "EEXIST":
      return "something else has that name";
    case "EROFS":
      return "the file system is read-only";
    case "EAGAIN":
      return "the limit of processes is reached (ulimit -u)";
    case "E2BIG":
      return "environment and arguments together are more than the system lets a program have (2 MB): unset some variables";
    case "EMFILE":
    case "ENFILE":
      return "the limit of open files is reached (ulimit -n)";
    case "EFBIG":
      return "the limit of file sizes is reached (ulimit -f)";
    case "ENOMEM":
      return "not enough memory";
    default:
      return message ?? String(error);
  }
}
