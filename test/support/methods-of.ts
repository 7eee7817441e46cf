import type { Communicator, Intercommunicator } from "tsmpi";

/** The names of all methods and accessors that a communicator has. */
export function methodsOf(communicator: Communicator | Intercommunicator): string[] {
  const names: string[] = [];
  let at = Object.getPrototypeOf(communicator) as object;
  for (; at !== Object.prototype; at = Object.getPrototypeOf(at) as object)
    names.push(...Object.getOwnPropertyNames(at));
  return names;
}
