import type { KeySources } from "../link/keys.ts";
import type { DescribedTask } from "../link/messages.ts";
import { schedulerHere, schedulers } from "./schedulers.ts";

/** Ranks must stay in the session of their agent, because the scheduler ends and signals sessions. */
export function keepsSessions(): boolean {
  return schedulerHere()?.task.keepsSessions ?? false;
}

/** The scheduler may signal ranks by itself. */
export function signalsRanks(): boolean {
  return schedulerHere()?.task.signalsRanks ?? false;
}

/** Whether the job's terminal reaches all processes of the session, with its Ctrl-C. */
export function isInteractive(): boolean {
  return schedulerHere()?.task.isInteractive() ?? false;
}

/** The command of a scheduler that has started this process as one of several tasks; undefined in a job script. */
export function startedBy(): string | undefined {
  return schedulerHere()?.task.startedBy();
}

/** How many CPUs the scheduler gave for the slot that this process runs on; undefined when it does not say. */
export function cpusOfSlot(): number | undefined {
  return schedulerHere()?.task.cpusOfSlot();
}

/** What schedulers have for the keys of a job: the values of their variables. */
export function keySources(): KeySources {
  const first = (names: (string | undefined)[]) => names.map((name) => name && process.env[name]).find(Boolean);
  return {
    directory: first(schedulers.map(({ task }) => task.keyVariables.directory)),
    secret: first(schedulers.map(({ task }) => task.keyVariables.secret)),
  };
}

/** Why this host's agent can have no key, and why its job has no place for one: for messages. */
export function describeMissingKey(): { noKey: string; noPlace: string } {
  const names = schedulerHere()?.task.keyVariables;
  if (names === undefined)
    return {
      noKey: "this host does not share HOME with the launcher's",
      noPlace: "HOME cannot be written to",
    };
  const secret = names.secret === undefined ? "" : `, and has no ${names.secret}`;
  return {
    noKey: `this host shares neither HOME nor ${names.directory} with the launcher's${secret}`,
    noPlace: `neither ${names.directory} nor HOME can be written to`,
  };
}

/** The launching shell's variables as ranks of any host may have them. */
export function cleanVariables(variables: Record<string, string>): Record<string, string> {
  return schedulers.reduce((cleaned, { task }) => task.cleanVariables(cleaned), variables);
}

/** Describes this process's task for {@link variablesThere}; undefined outside a job. `given`: the variables of `--env`. */
export function describeTask(given: Readonly<Record<string, string>>): DescribedTask | undefined {
  const scheduler = schedulerHere();
  return scheduler && { scheduler: scheduler.name, data: scheduler.task.describe(given) };
}

/** Changes, on another host, the launching shell's variables into those of this host's task. */
export function variablesThere(
  variables: Record<string, string>,
  described: DescribedTask | undefined,
  directory: string,
): Record<string, string> {
  const scheduler = schedulers.find(({ name }) => name === described?.scheduler);
  return scheduler?.task.variablesThere(variables, described!.data, directory) ?? variables;
}
