import { readFileSync } from "node:fs";
import { reasonOf } from "../errors/launch-error.ts";

/** The text of a file that the user or a variable names. Throws what `refusal` makes of the reason why it cannot be read. */
export function readNamed(path: string, refusal: (reason: string) => Error): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw refusal(reasonOf(error));
  }
}
