/*
 * A process may load this package more than once: npm link, a nested node_modules, a library that has bundled it, a
 * test runner that resets its modules. State that must exist once in a process is shared between the copies here.
 *
 * ```text
 *  main.ts ────► node_modules/@tsmpi/core                     init() ──► the world
 *  library ────► node_modules/library/node_modules/@tsmpi/core  init() ──► the same one, of the first copy
 * ```
 */

/** The version of this copy. Copies of one version share state. A test compares it with the package's manifest. */
export const version = "0.1.0";

/** A value that all copies of one version share under a name. The first copy creates it. */
export function shared<T>(name: string, make: () => T): T {
  const places = globalThis as unknown as Record<symbol, T | undefined>;
  const key = Symbol.for(`tsmpi.${name}@${version}`);
  places[key] ??= make();
  return places[key];
}

/**
 * Makes `instanceof Class` true for instances of the same class in other copies. Subclasses behave as in JavaScript.
 */
export function recognise(Class: abstract new (...args: never[]) => object, name: string): void {
  Object.defineProperty(Class, "name", { value: name }); // a bundler may have renamed the class
  markInstances(Class, name);
  const marked = instanceCheck(name);
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return (this === Class ? marked : Function.prototype)[Symbol.hasInstance].call(this, value);
    },
  });
}

/** What a copy publishes to the others. */
interface Copy {
  readonly version: string;
  /** Where it was loaded from. */
  readonly file: string;
  readonly init: () => unknown;
}

/** The first copy that was asked for a world, of any version; `own` if this is the first. */
export function firstCopy(own: Copy): Copy {
  const places = globalThis as unknown as Record<symbol, Copy | undefined>;
  const key = Symbol.for("tsmpi.world");
  places[key] ??= own;
  return places[key];
}

/** For `value instanceof Class` where the class itself stays inside the package. */
export interface InstanceCheck<Instance> {
  /**
   * Whether a value is such an instance, of any copy of this package.
   * @param value anything
   */
  [Symbol.hasInstance](value: unknown): value is Instance;
}

/** Holds for instances of the classes that {@link markInstances} has marked with this name, and of their subclasses. */
export function instanceCheck<Instance>(name: string): InstanceCheck<Instance> {
  const mark = markOf(name);
  return {
    [Symbol.hasInstance]: (value): value is Instance => typeof value === "object" && value !== null && mark in value,
  };
}

/** Marks a class's instances for {@link instanceCheck}. */
export function markInstances(Class: abstract new (...args: never[]) => object, name: string): void {
  Object.defineProperty(Class.prototype, markOf(name), { value: true });
}

/** One symbol for all copies of this package. */
function markOf(name: string): symbol {
  return Symbol.for(`tsmpi.${name}`);
}
