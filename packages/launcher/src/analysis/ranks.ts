import type { Communicators } from "./communicators.ts";
import type { Binding } from "./names.ts";
import type { Scopes } from "./scopes.ts";
import { dottedName, type Node, propertyName, unwrap } from "./syntax.ts";

/** Finds expressions that a program computes from the rank. */
export class Ranks {
  readonly #scopes: Scopes;
  readonly #communicators: Communicators;
  /** False during the search, so that `a = b; b = a` ends. */
  readonly #known = new Map<Binding, boolean>();

  constructor(scopes: Scopes, communicators: Communicators) {
    this.#scopes = scopes;
    this.#communicators = communicators;
  }

  /** Whether an expression is the rank, or is computed from it without a branch. A task may use it: that is intended. */
  isRank(node: Node): boolean {
    const value = unwrap(node);
    switch (value.type) {
      case "Identifier":
        return this.#isRankVariable(value);
      case "MemberExpression":
        return propertyName(value) === "rank" && this.#communicators.isCommunicator(value.object);
      case "UnaryExpression":
        return this.isRank(value.argument);
      case "BinaryExpression":
      case "LogicalExpression":
        return this.isRank(value.left) || this.isRank(value.right);
      case "CallExpression":
        return /^Math\.\w+$/.test(dottedName(value.callee) ?? "") && value.arguments.some((each) => this.isRank(each));
      default:
        return false;
    }
  }

  #isRankVariable(node: Node): boolean {
    const binding = this.#scopes.binding(node);
    const [only, ...more] = binding?.writes ?? [];
    if (binding === undefined || only?.value === undefined) return false;
    if (more.length > 0 && binding.scope.type !== "ForStatement") return false;
    if (only.part !== undefined) return only.part === "rank" && this.#communicators.isCommunicator(only.value);
    if (!this.#known.has(binding)) {
      this.#known.set(binding, false);
      this.#known.set(binding, this.isRank(only.value));
    }
    return this.#known.get(binding) === true;
  }
}
