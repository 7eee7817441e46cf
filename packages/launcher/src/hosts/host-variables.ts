import { existsSync } from "node:fs";
import { hostname } from "node:os";

/*
 * Which variables belong to a host and not to the job. A rank on another host than the launcher's must not have the
 * launcher's value of these. What a scheduler sets for each host is in its own folder (task.ts), and is asked first.
 *
 * | variable | on another host |
 * | --- | --- |
 * | `HOSTNAME` | the name of that host |
 * | of a login: `XDG_RUNTIME_DIR`, `SSH_CONNECTION`, ... | that host's own, or none |
 * | of GPUs: `CUDA_VISIBLE_DEVICES`, ... | that host's own, if it has one |
 * | `TMPDIR` | the launcher's where there is such a directory, else that host's own, or none |
 *
 * `--env` wins over all of them.
 */

/** Which GPUs a process sees: NVIDIA, AMD, Intel. Schedulers set them anew on each host. */
export const gpuVariables = ["CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"] as const;

/** What a login makes on its host: directories, sockets and terminals that no other host has. */
const ofLogin = [
  "DBUS_SESSION_BUS_ADDRESS",
  "SSH_AUTH_SOCK",
  "SSH_CLIENT",
  "SSH_CONNECTION",
  "SSH_TTY",
  "XDG_RUNTIME_DIR",
  "XDG_SESSION_ID",
];

/** Gives a variable the value that this process has, or none. */
export function takeOwn(
  variables: Record<string, string>,
  name: string,
  own: Readonly<Record<string, string | undefined>>,
): void {
  delete variables[name];
  if (own[name] !== undefined) variables[name] = own[name];
}

/**
 * The launching shell's variables as they are to be on this host, which is another one. `own` are those that this process was
 * started with. Where a scheduler told its task about GPUs (`gpusAreKnown`), those stay.
 */
export function hostVariables(
  shell: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string | undefined>>,
  gpusAreKnown: boolean,
): Record<string, string> {
  const result = { ...shell };
  const take = (name: string): void => takeOwn(result, name, own);
  if (shell["HOSTNAME"] !== undefined) result["HOSTNAME"] = hostname();
  for (const name of ofLogin) if (shell[name] !== undefined) take(name);
  if (!gpusAreKnown) for (const name of gpuVariables) if (own[name] !== undefined) take(name);
  if (shell["TMPDIR"] !== undefined && !existsSync(shell["TMPDIR"])) take("TMPDIR");
  return result;
}
