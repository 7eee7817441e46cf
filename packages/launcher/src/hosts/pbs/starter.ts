import type { Starter } from "../starter.ts";
import { pbsTool } from "./tools.ts";

/**
 * Any host of the PBS job. `-n LINE -- program` is what old and new OpenPBS and TORQUE agree on; other options mean
 * different things (`-o` "do not wait" or "capture") or exist in one of them only.
 *
 * It carries the arguments, and nothing else: no environment, no directory, no output, no exit status, no signal that
 * one could rely on. A long command line can hang it (seen from 360 KB on), so the arguments are few.
 */
export const pbsdsh: Starter = {
  name: "pbsdsh",
  serves: ({ line }) => line !== undefined,
  command: ({ line }, there) => [pbsTool("pbsdsh"), "-n", String(line), "--", ...there],
};
