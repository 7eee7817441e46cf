import type { Binding } from "./names.ts";
import type { Scopes } from "./scopes.ts";
import { type Call, isFunction, type Node, propertyName, unwrap } from "./syntax.ts";
import {
  calls,
  communicatorTypes,
  forming,
  functions,
  isOurPackage,
  ofWorkers,
  parting,
  streaming,
} from "./vocabulary.ts";

/** A call of tsmpi in a program. */
export interface OurCall {
  readonly name: string;
  readonly node: Call;
  /** `workers`: in the driver of a pool. The pool waits for calls that the driver did not await. */
  readonly of: "communicator" | "workers" | "package";
}

type Holds = "communicator" | "workers" | undefined;

/** Finds communicators and their calls, by the values and the type annotations of variables. */
export class Communicators {
  readonly #scopes: Scopes;
  /** Undefined during the search for a variable's value, so that `a = b; b = a` ends. */
  readonly #known = new Map<Binding, Holds>();
  readonly #calls = new Map<Node, OurCall | undefined>();

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  /** The call of tsmpi that a node is; undefined for any other node. */
  callOf(node: Node): OurCall | undefined {
    if (node.type !== "CallExpression") return undefined;
    if (!this.#calls.has(node)) this.#calls.set(node, this.#findCall(node));
    return this.#calls.get(node);
  }

  /** The call whose result a node awaits: `await world.recv()`, or `await` of a variable that holds its promise. */
  awaited(node: Node): OurCall | undefined {
    if (node.type !== "AwaitExpression") return undefined;
    const promise = unwrap(node.argument);
    return this.callOf(promise) ?? this.callOf(this.#scopes.onlyValue(promise) ?? promise);
  }

  isCommunicator(node: Node): boolean {
    return this.#holds(node) === "communicator";
  }

  /** Whether a variable holds a communicator with fewer ranks than the world, made by `split` and the like. */
  isPart(node: Node): boolean {
    const made = this.#scopes
      .binding(unwrap(node))
      ?.writes.map(({ value }) => value && this.awaited(unwrap(value))?.name);
    return made?.some((name) => name !== undefined && parting.has(name)) ?? false;
  }

  /** Whether a node is `range(n, world)`: a share of the indices, another one on each rank. */
  isShare(node: Call): boolean {
    const imported = this.#scopes.binding(unwrap(node.callee))?.imported;
    if (imported === undefined || !isOurPackage(imported.from) || imported.name !== "range") return false;
    return node.arguments.some((each) => each.type !== "SpreadElement" && this.isCommunicator(each));
  }

  #findCall(node: Call): OurCall | undefined {
    const callee = unwrap(node.callee);
    if (callee.type === "Identifier") {
      const imported = this.#scopes.binding(callee)?.imported;
      if (imported === undefined || !isOurPackage(imported.from) || !functions.has(imported.name)) return undefined;
      return { name: imported.name, node, of: "package" };
    }
    const name = propertyName(callee);
    if (callee.type !== "MemberExpression" || name === undefined) return undefined;
    const object = unwrap(callee.object);
    const imported = this.#scopes.binding(object)?.imported;
    if (imported?.name === "*" && isOurPackage(imported.from) && functions.has(name))
      return { name, node, of: "package" };
    const holds = this.#holds(object);
    if (holds === undefined) return undefined;
    const known = holds === "workers" ? ofWorkers.has(name) : calls.has(name) || streaming.has(name);
    return known ? { name, node, of: holds } : undefined;
  }

  #holds(node: Node): Holds {
    const value = unwrap(node);
    switch (value.type) {
      case "Identifier": {
        const binding = this.#scopes.binding(value);
        return binding && this.#bindingHolds(binding);
      }
      case "AwaitExpression": {
        const call = this.awaited(value);
        return call !== undefined && forming.has(call.name) ? "communicator" : undefined;
      }
      case "LogicalExpression":
        return this.#holds(value.left) ?? this.#holds(value.right);
      case "ConditionalExpression":
        return this.#holds(value.consequent) ?? this.#holds(value.alternate);
      default:
        return undefined;
    }
  }

  #bindingHolds(binding: Binding): Holds {
    if (this.#known.has(binding)) return this.#known.get(binding);
    this.#known.set(binding, undefined);
    const written = binding.writes.map(({ kind, value, part }) =>
      kind === "set" && part === undefined && value !== undefined ? this.#holds(value) : undefined,
    );
    const holds: Holds =
      (this.#isTyped(binding) ? "communicator" : undefined) ??
      written.find((each) => each !== undefined) ??
      (binding.kind === "parameter" ? this.#given(binding) : undefined);
    this.#known.set(binding, holds);
    return holds;
  }

  #isTyped({ declaration }: Binding): boolean {
    const annotation = declaration.type === "Identifier" ? declaration.typeAnnotation?.typeAnnotation : undefined;
    const types = annotation?.type === "TSUnionType" ? annotation.types : annotation ? [annotation] : [];
    return types.some((type) => {
      if (type.type !== "TSTypeReference" || type.typeName.type !== "Identifier") return false;
      const imported = this.#scopes.lookup(type.typeName.name, declaration)?.imported;
      return imported !== undefined && isOurPackage(imported.from) && communicatorTypes.has(imported.name);
    });
  }

  /** What the callers of a function pass for this parameter. */
  #given({ scope, declaration }: Binding): Holds {
    if (!isFunction(scope)) return undefined;
    const index = (scope.params as readonly Node[]).indexOf(declaration);
    if (index < 0) return undefined;
    const parent = this.#scopes.parent(scope);
    if (parent?.type === "CallExpression") return this.#givenBy(parent, scope, index);
    for (const read of this.#scopes.nameOf(scope)?.reads ?? []) {
      const call = this.#scopes.parent(read);
      const argument = call?.type === "CallExpression" && call.callee === read ? call.arguments[index] : undefined;
      const holds = argument && this.#holds(argument);
      if (holds !== undefined) return holds;
    }
    return undefined;
  }

  /** The first parameter of the function in `local(n, fn)`, `pool(world, tasks, driver)` and `world.pool(tasks, driver)`. */
  #givenBy(call: Call, fn: Node, index: number): Holds {
    if (index !== 0) return undefined;
    const method = this.callOf(call);
    if (method?.of === "communicator")
      return method.name === "pool" && call.arguments[1] === fn ? "workers" : undefined;
    const imported = this.#scopes.binding(unwrap(call.callee))?.imported;
    if (imported === undefined || !isOurPackage(imported.from)) return undefined;
    if (imported.name === "local") return "communicator";
    return imported.name === "pool" && call.arguments[2] === fn ? "workers" : undefined;
  }
}
