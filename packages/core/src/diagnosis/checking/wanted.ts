import { warn } from "../../calls/warning.ts";
import type { Checking } from "./checking.ts";

/** What `tsmpi run --check` has asked for. Loaded only then: it needs modules of Node that take milliseconds to load. */
export async function checkingWanted(): Promise<Checking | undefined> {
  if (process.env["TSMPI_CHECK"] !== "1") return undefined;
  const { Checking } = await import("./checking.ts");
  return new Checking(warn);
}
