import { strict as assert } from "node:assert";
import { MpiError } from "tsmpi";

/** Checks, as the second argument of `assert.rejects`, for an error of tsmpi with this code and a message that matches. */
export function mpiError(code: string, message = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MpiError, `not an MpiError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}
