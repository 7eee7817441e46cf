import { invalid, show } from "../../calls/check.ts";
import { MpiError, messageOf } from "../../calls/errors.ts";
import { shared } from "../../calls/package-copies.ts";
import { enter, isOfPlatform, type Registration } from "./prototype-kind.ts";

/** How instances of a class travel. */
export interface ClassCodec<Instance extends object, Written> {
  /**
   * Gives what is sent in place of the instance: any value that can travel, without the instance itself in it.
   * @param instance what to send
   */
  write(instance: Instance): Written;
  /**
   * Makes an instance of what `write` gave, on the receiving rank.
   * @param written what `write` gave
   */
  read(written: Written): Instance;
}

const byName: Map<string, Registration & { readonly Class: unknown }> = shared("classes", () => new Map());

/**
 * Lets instances of a class travel as instances: `write` turns one into data, `read` makes one from data.
 *
 * Call it on all ranks, at the top of the script: the message contains the name of the class, and the receiving rank
 * looks it up. Subclasses must be registered, too. An instance that occurs twice in a value arrives as one instance.
 *
 * ```ts
 * registerClass(Vector, { write: (v) => [v.x, v.y], read: ([x, y]) => new Vector(x, y) });
 * ```
 * @param Class the class
 * @param codec `write` and `read`
 * @throws MpiError `invalid-argument` when `write` or `read` is missing, when another class of that name is registered,
 * for a class without a name, and for a class that extends Array, a typed array or an ArrayBuffer: these travel as
 * their elements.
 */
export function registerClass<Instance extends object, const Written>(
  Class: abstract new (...args: never[]) => Instance,
  codec: ClassCodec<Instance, Written>,
): void {
  if (typeof Class !== "function" || typeof Class.prototype !== "object") {
    throw invalid(`registerClass(): ${show(Class)} is no class; give the class, then { write, read }`);
  }
  const { name, prototype } = Class as { name: string; prototype: object };
  if (name === "") throw invalid("registerClass(): the class has no name, and travels by its name; give it one");
  for (const key of ["write", "read"] as const) {
    if (typeof codec?.[key] === "function") continue;
    throw invalid(
      `registerClass(${name}): ${key} is ${show(codec?.[key])}; give { write: (instance) => data, read: (data) => instance }`,
    );
  }
  const other = Object.keys(codec).find((key) => key !== "write" && key !== "read");
  if (other !== undefined)
    throw invalid(`registerClass(${name}): there is no option ${other}; the options are write and read`);
  if (isOfElements(prototype)) {
    throw invalid(
      `registerClass(${name}): arrays, typed arrays and buffers travel as their elements; let ${name} hold one instead of extending it`,
    );
  }
  if (isOfPlatform(Class)) {
    throw invalid(`registerClass(${name}): ${name} belongs to the platform; register a class of the program`);
  }
  const before = byName.get(name);
  if (before !== undefined && before.Class !== Class) {
    throw invalid(`registerClass(${name}): another class named ${name} is registered; give one of them another name`);
  }
  const registration = { name, write: codec.write, read: codec.read, Class };
  byName.set(name, registration);
  enter(prototype, registration);
}

/** Makes an instance of the registered class `name` from its data. */
export function revive(name: string, written: unknown): unknown {
  const registration = byName.get(name);
  if (registration === undefined) {
    throw new MpiError(
      "protocol",
      `an instance of ${name} arrived, which is not registered on this rank; call registerClass(${name}, ...) on all ranks, at the top of the script`,
    );
  }
  try {
    return registration.read(written as never);
  } catch (error) {
    throw new MpiError("protocol", `registerClass(${name}): read() threw on this rank: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const elements: readonly object[] = [
  ...[Array, ArrayBuffer, SharedArrayBuffer, DataView],
  Object.getPrototypeOf(Uint8Array) as { prototype: object },
].map(({ prototype }) => prototype);

function isOfElements(prototype: object): boolean {
  return elements.some((each) => each === prototype || Object.prototype.isPrototypeOf.call(each, prototype));
}
