import type { Scopes } from "./scopes.ts";
import { contains, isFunction, type Node, unwrap } from "./syntax.ts";

/** Finds branches and loops that do not run in the same way on every rank. */
export class Branches {
  readonly #scopes: Scopes;
  readonly #depends: (test: Node) => boolean;
  /** Functions whose callers are being searched: a recursive function calls itself. */
  readonly #open = new Set<Node>();

  /** `depends`: whether an expression differs from rank to rank. */
  constructor(scopes: Scopes, depends: (test: Node) => boolean) {
    this.#scopes = scopes;
    this.#depends = depends;
  }

  /**
   * The kind of statement that makes `node` run differently from rank to rank; undefined if there is none. The search
   * ends at `outermost`. A branch that holds `use` too does not count: all ranks that reach `use` took that branch.
   */
  around(node: Node, outermost: Node, use?: Node): "branch" | "loop" | undefined {
    let child = node;
    for (let parent = this.#scopes.parent(child); parent !== undefined; parent = this.#scopes.parent(parent)) {
      if (child === outermost) return undefined;
      const found = use !== undefined && contains(child, use) ? undefined : this.#byStep(child, parent, use);
      if (found !== undefined) return found;
      if (isFunction(parent) && parent !== outermost) {
        const byCallers = this.#byCallers(parent);
        if (byCallers !== undefined) return byCallers;
      }
      child = parent;
    }
    return undefined;
  }

  loopsAround(node: Node): Node[] {
    const loops: Node[] = [];
    for (let around = this.#scopes.parent(node); around && !isFunction(around); around = this.#scopes.parent(around)) {
      if (isLoop(around)) loops.push(around);
    }
    return loops;
  }

  /** Whether `parent` makes its part `child` run differently from rank to rank. */
  // biome-ignore lint/complexity/noExcessiveCognitiveComplexity: one line for each kind of statement
  #byStep(child: Node, parent: Node, use: Node | undefined): "branch" | "loop" | undefined {
    const branch = (test: Node): "branch" | undefined => (this.#depends(test) ? "branch" : undefined);
    const loop = (...parts: (Node | null)[]): "loop" | undefined =>
      parts.some((part) => part !== null && this.#depends(part)) ? "loop" : undefined;
    switch (parent.type) {
      case "IfStatement":
      case "ConditionalExpression":
        return child === parent.test ? undefined : branch(parent.test);
      case "LogicalExpression":
        return child === parent.right ? branch(parent.left) : undefined;
      case "SwitchStatement":
        return child === parent.discriminant ? undefined : branch(parent.discriminant);
      case "WhileStatement":
      case "DoWhileStatement":
        return child === parent.body ? loop(parent.test) : undefined;
      case "ForStatement":
        return child === parent.body ? loop(startOf(parent.init), parent.test) : undefined;
      case "ForOfStatement":
      case "ForInStatement":
        return child === parent.body ? loop(parent.right) : undefined;
      case "Program":
      case "BlockStatement":
        return this.#afterExit(parent.body, child, use) ? "branch" : undefined;
      case "SwitchCase":
        return this.#afterExit(parent.consequent, child, use) ? "branch" : undefined;
      default:
        return undefined;
    }
  }

  /** Whether `if (rank !== 0) return;` stands before `child`, and `use` does not follow it as well. */
  #afterExit(statements: readonly Node[], child: Node, use: Node | undefined): boolean {
    const isBehind = use !== undefined && statements.some((each) => contains(each, use) && each.start > child.start);
    if (isBehind) return false;
    for (const each of statements) {
      if (each === child) return false;
      if (each.type === "IfStatement" && exits(each.consequent) && this.#depends(each.test)) return true;
    }
    return false;
  }

  /** The same question for a function: all of its calls stand in such branches. */
  #byCallers(fn: Node): "branch" | "loop" | undefined {
    const calls = this.#scopes.nameOf(fn)?.reads ?? [];
    if (calls.length === 0 || this.#open.has(fn)) return undefined;
    this.#open.add(fn);
    const found = calls.map((call) => this.around(call, this.#scopes.program));
    this.#open.delete(fn);
    return found.every((each) => each !== undefined) ? found[0] : undefined;
  }
}

function isLoop(node: Node): boolean {
  return /^(For(In|Of)?|While|DoWhile)Statement$/.test(node.type);
}

/** The first value of a loop variable. */
function startOf(init: Node | null): Node | null {
  if (init?.type !== "VariableDeclaration") return init;
  const value = init.declarations[0]?.init;
  return value ? unwrap(value) : null;
}

/** Whether a statement leaves its block. `throw` does not count, because it ends the whole job. */
function exits(statement: Node): boolean {
  switch (statement.type) {
    case "ReturnStatement":
    case "ContinueStatement":
    case "BreakStatement":
      return true;
    case "BlockStatement": {
      const last = statement.body.at(-1);
      return last !== undefined && exits(last);
    }
    default:
      return false;
  }
}
