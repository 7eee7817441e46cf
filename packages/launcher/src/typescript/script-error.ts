/**
 * Why a script cannot run, in one sentence for its author (a syntax error adds a code frame). Thrown before any rank starts, so
 * that the message appears once and not once per rank.
 */
export class ScriptError extends Error {
  override readonly name = "ScriptError";

  /** Exit code of `tsmpi run`: 2 if the command line names no script, 1 if the script itself is wrong. */
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
