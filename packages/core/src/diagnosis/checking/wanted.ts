import { warn } from "../../calls/warning.ts";
import type { Checking } from "./checking.ts";

/** The checks, if `tsmpi run --check` asks for them. Loaded only then, because they need modules of Node that load in milliseconds. */
export async function checkingWanted(): Promise<Checking | undefined> {
  if (process.env["TSMPI_CHECK"] !== "1") return undefined;
  const { Checking } = await import("./checking.ts");
  return new Checking(warn);
}
