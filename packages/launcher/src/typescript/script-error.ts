/**
 * Why a script cannot run, in one sentence for the person who wrote it (a syntax error adds a code frame).
 * Thrown before any rank starts, so that the message appears once and not once per rank.
 */
export class ScriptError extends Error {
  override readonly name = "ScriptError";

  /** What `tsmpi run` exits with: 2 when the command line names no script, 1 when the script itself is wrong. */
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
