import { MpiError } from "../../calls/errors.ts";

const classes = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

const makers: ReadonlyMap<string, () => Error> = new Map<string, () => Error>([
  ...Object.entries(classes).map(([name, Class]) => [name, () => new Class()] as const),
  ["AggregateError", () => new AggregateError([])],
  ["MpiError", () => new MpiError("protocol", "")],
]);

const names: ReadonlyMap<object, string> = new Map<object, string>([
  ...Object.entries(classes).map(([name, Class]) => [Class.prototype, name] as const),
  [AggregateError.prototype, "AggregateError"],
  [MpiError.prototype, "MpiError"],
]);

/** The nearest class of an error that every rank has, with its prototype. */
export function errorClassOf(error: object): { name: string; prototype: object } {
  for (let step: object | null = error; step !== null; step = Object.getPrototypeOf(step)) {
    const name = names.get(step);
    if (name !== undefined) return { name, prototype: step };
  }
  return { name: "Error", prototype: Error.prototype }; // an error of another realm
}

/** An error of that class without any property, not even a stack; undefined for an unknown class. */
export function emptyError(name: string): Error | undefined {
  const error = makers.get(name)?.();
  if (error !== undefined) for (const key of Object.getOwnPropertyNames(error)) Reflect.deleteProperty(error, key);
  return error;
}

/**
 * The properties of an error that travel although they are not enumerable. A class may keep `name`, `message` and
 * `code` on its prototype, as DOMException does; then only their values travel.
 */
export function hiddenOf(error: Error): string[] {
  const { prototype } = errorClassOf(error);
  const hidden = ["stack", "message", "cause", "errors"].filter(
    (key) => Object.getOwnPropertyDescriptor(error, key)?.enumerable === false,
  );
  for (const key of ["name", "message", "code"]) {
    if (Object.getOwnPropertyDescriptor(error, key)?.enumerable || hidden.includes(key)) continue;
    if (Reflect.get(error, key) !== Reflect.get(prototype, key)) hidden.push(key);
  }
  return hidden;
}

/** Whether an error loses this member of its class. It keeps the properties above, and the methods that show it. */
export function isLost(member: string): boolean {
  return !["name", "message", "code", "cause", "stack", "toString", "toJSON"].includes(member);
}
