import { env, otherLauncher } from "@tsmpi/core/bootstrap";
import { usageError } from "../errors/launch-error.ts";
import type { RunOptions } from "./options.ts";

/**
 * Refuses to run a whole job once for each process of another launcher: `mpiexec -n 4 tsmpi run x.ts`, `pbsdsh tsmpi run x.ts`.
 * What runs within a rank of ours may start jobs of its own, whatever variables it has inherited; that is only told.
 *
 * `starter` is the command of a scheduler that has started this process as one of several tasks.
 *
 * @throws LaunchError with what to type in its place.
 */
export function refuseManyStarts(
  verb: string,
  options: Pick<RunOptions, "script" | "args" | "hosts" | "warnings">,
  starter: string | undefined,
): void {
  const { [env.rank]: rank, [env.size]: size } = process.env;
  if (rank !== undefined) {
    if (Number(size) > 1)
      options.warnings.push(
        `rank ${rank} of ${size} of another job has started this job, and so may each of its ranks: if one job is meant, write tsmpi ${verb} alone`,
      );
    return;
  }
  const what = [options.script, ...options.args].filter((word) => word !== "").join(" ");
  const other = otherLauncher();
  if (other !== undefined) {
    const { launcher, processes } = other;
    const instead = verb === "doctor" ? "tsmpi doctor" : `tsmpi ${verb} -n ${processes ?? "N"} ${what}`;
    throw usageError(
      `${launcher} started this command ${processes ?? "several"} times, and each would run the whole job: write ${instead}, without ${launcher.split(" ")[0]}`,
    );
  }
  // Where hosts were named, a task may well run a job of its own.
  if (starter !== undefined && options.hosts === undefined)
    throw usageError(
      `${starter} started this command, once for each slot, and each would run the whole job: write ${`tsmpi ${verb} ${what}`.trim()} in the job script, without ${starter}`,
    );
}
