import type { Scopes } from "./scopes.ts";
import { contains, isFunction, type Node, unwrap } from "./syntax.ts";

/** Finds the branches and loops around a node that not every rank takes. */
export class Branches {
  readonly #scopes: Scopes;
  readonly #depends: (test: Node) => boolean;
  /** Functions whose callers are being looked into. */
  readonly #open = new Set<Node>();

  /** `depends` tells whether an expression differs from rank to rank. */
  constructor(scopes: Scopes, depends: (test: Node) => boolean) {
    this.#scopes = scopes;
    this.#depends = depends;
  }

  /**
   * What makes `node` run on some ranks only, or in another way on each, as seen by `use`: ranks that come to both have
   * taken the same branch. `outermost` is not looked beyond.
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

  /** `if (rank !== 0) return;` before it, which `use` is not behind too. */
  #afterExit(statements: readonly Node[], child: Node, use: Node | undefined): boolean {
    const isBehind = use !== undefined && statements.some((each) => contains(each, use) && each.start > child.start);
    if (isBehind) return false;
    for (const each of statements) {
      if (each === child) return false;
      if (each.type === "IfStatement" && exits(each.consequent) && this.#depends(each.test)) return true;
    }
    return false;
  }

  /** A function that is called on some ranks only. */
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

/** The first value of the loop's variable. */
function startOf(init: Node | null): Node | null {
  if (init?.type !== "VariableDeclaration") return init;
  const value = init.declarations[0]?.init;
  return value ? unwrap(value) : null;
}

/** Whether a statement leaves what is around it. An error is none: the job ends. */
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
