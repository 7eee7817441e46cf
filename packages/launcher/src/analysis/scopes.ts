import { type Binding, identifiersOf, isNameOnly, makesScope } from "./names.ts";
import {
  type Call,
  type FunctionNode,
  forEachChild,
  isFunction,
  isWrapper,
  type Node,
  optionsOf,
  propertyName,
  unwrap,
} from "./syntax.ts";

const mutating = new Set(
  "push pop shift unshift splice sort reverse fill copyWithin set add delete clear append".split(" "),
);

/** A parsed file with its variables resolved. */
export class Scopes {
  readonly program: Node;
  readonly calls: Call[] = [];
  readonly bindings: Binding[] = [];
  readonly #parents = new Map<Node, Node>();
  readonly #names = new Map<Node, Map<string, Binding>>();
  readonly #bindingOf = new Map<Node, Binding>();
  readonly #functions = new Map<Node, Binding>();

  constructor(program: Node) {
    this.program = program;
    this.#names.set(program, new Map());
    this.#declare(program);
    this.#resolve(program);
  }

  parent(node: Node): Node | undefined {
    return this.#parents.get(node);
  }

  /** The variable of an identifier; undefined for globals. */
  binding(node: Node): Binding | undefined {
    return this.#bindingOf.get(node);
  }

  /** The variable that holds a function: `function f() {}`, `const f = () => {}`. */
  nameOf(fn: Node): Binding | undefined {
    return this.#functions.get(fn);
  }

  /** What `name` means at a node. */
  lookup(name: string, at: Node): Binding | undefined {
    for (let node: Node | undefined = at; node !== undefined; node = this.#parents.get(node)) {
      const found = this.#names.get(node)?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The function that an expression stands for: written in place, or named. */
  functionOf(node: Node): FunctionNode | undefined {
    const value = unwrap(node);
    if (isFunction(value)) return value;
    const set = this.onlyValue(value);
    return set !== undefined && isFunction(set) ? set : undefined;
  }

  /** The value of an identifier whose variable is set exactly once. */
  onlyValue(node: Node): Node | undefined {
    const binding = this.binding(node);
    const [only, ...more] = binding?.writes.filter(({ kind, value }) => kind === "set" && value !== undefined) ?? [];
    if (only === undefined || more.length > 0 || only.part !== undefined || only.adds === true) return undefined;
    return unwrap(only.value!);
  }

  /** The function around a node, or the program. */
  functionAround(node: Node): Node {
    let around = this.parent(node);
    while (around !== undefined && !isFunction(around)) around = this.parent(around);
    return around ?? this.program;
  }

  #declare(node: Node): void {
    if (makesScope(node)) this.#names.set(node, new Map());
    switch (node.type) {
      case "ImportDeclaration":
        for (const each of node.specifiers) {
          this.#parents.set(each, node);
          const name =
            each.type === "ImportSpecifier"
              ? nameOfExport(each.imported)
              : each.type === "ImportDefaultSpecifier"
                ? "default"
                : "*";
          this.#add(each.local, "import", this.program, { from: node.source.value, name });
        }
        return;
      case "VariableDeclaration":
        for (const { id } of node.declarations) {
          const scope = node.kind === "var" ? this.functionAround(node) : this.#scopeAround(node);
          for (const each of identifiersOf(id)) this.#add(each, "variable", scope);
        }
        break;
      case "ArrowFunctionExpression":
      case "FunctionExpression":
      case "FunctionDeclaration":
        if (node.type === "FunctionDeclaration" && node.id) {
          const binding = this.#add(node.id, "function", this.#scopeAround(node));
          binding.writes.push({ kind: "set", at: node, value: node });
          this.#functions.set(node, binding);
        } else if (node.type === "FunctionExpression" && node.id) this.#add(node.id, "other", node);
        for (const each of node.params) for (const id of identifiersOf(each)) this.#add(id, "parameter", node);
        break;
      case "ClassDeclaration":
      case "TSEnumDeclaration":
        if (node.id) this.#add(node.id, "other", this.#scopeAround(node));
        break;
      case "CatchClause":
        if (node.param) for (const each of identifiersOf(node.param)) this.#add(each, "other", node);
        break;
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        return;
      case "CallExpression":
        this.calls.push(node);
        break;
    }
    forEachChild(node, (child) => {
      this.#parents.set(child, node);
      this.#declare(child);
    });
  }

  #add(id: Node, kind: Binding["kind"], scope: Node, imported?: Binding["imported"]): Binding {
    const { name } = id as { name: string };
    const names = this.#names.get(scope)!;
    const known = names.get(name); // `var x` twice, or the signatures of an overloaded function
    const binding: Binding = known ?? {
      name,
      kind,
      scope,
      declaration: id,
      writes: [],
      reads: [],
      ...(imported && { imported }),
    };
    names.set(name, binding);
    if (known === undefined) this.bindings.push(binding);
    this.#bindingOf.set(id, binding);
    return binding;
  }

  #scopeAround(node: Node): Node {
    let around = this.parent(node);
    while (around !== undefined && !this.#names.has(around)) around = this.parent(around);
    return around ?? this.program;
  }

  #resolve(node: Node): void {
    switch (node.type) {
      case "VariableDeclarator": {
        const loop = this.parent(this.parent(node)!);
        const isElement = loop?.type === "ForOfStatement" && loop.left === this.parent(node);
        if (node.init || isElement)
          this.#write(node.id, node, node.init ?? (loop as { right: Node }).right, isElement ? "" : undefined);
        if (node.init && isFunction(unwrap(node.init)) && node.id.type === "Identifier")
          this.#functions.set(unwrap(node.init), this.binding(node.id)!);
        break;
      }
      case "AssignmentExpression":
        this.#write(node.left, node, node.right, undefined, node.operator !== "=");
        break;
      case "UpdateExpression":
        this.#write(node.argument, node, undefined, undefined, true);
        break;
      case "UnaryExpression":
        if (node.operator === "delete") this.#write(node.argument, node, undefined);
        break;
      case "CallExpression": {
        const { callee } = node;
        if (callee.type === "MemberExpression" && mutating.has(propertyName(callee) ?? "")) {
          const binding = this.#change(callee.object, node, node);
          if (this.parent(node)?.type !== "ExpressionStatement") binding?.reads.push(rootOf(callee.object));
        }
        if (propertyName(callee) === "assign" && node.arguments[0]) this.#change(node.arguments[0], node, node);
        for (const [key, value] of optionsOf(node)) if (key === "into") this.#change(value, node, node, "fill");
        break;
      }
      case "Identifier":
        this.#read(node);
        return;
      case "ImportDeclaration":
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        return;
    }
    forEachChild(node, (child, key) => {
      if (!isNameOnly(node, key)) this.#resolve(child);
    });
  }

  #read(id: Extract<Node, { type: "Identifier" }>): void {
    if (this.#bindingOf.has(id)) return; // a declaration or the target of a write
    const binding = this.lookup(id.name, id);
    if (binding === undefined) return;
    this.#bindingOf.set(id, binding);
    binding.reads.push(id);
  }

  #write(target: Node, at: Node, value: Node | undefined, part?: string, adds = false): void {
    const more = { ...(part !== undefined && { part }), ...(adds && { adds }) };
    switch (target.type) {
      case "Identifier":
        this.#target(target)?.writes.push({ kind: "set", at, value, ...more });
        break;
      case "ObjectPattern":
        for (const each of target.properties) {
          const isRest = each.type === "RestElement";
          const name =
            !isRest && !each.computed && each.key.type === "Identifier" && part === undefined ? each.key.name : "";
          this.#write(isRest ? each.argument : each.value, at, value, name);
        }
        break;
      case "ArrayPattern":
        for (const each of target.elements)
          if (each) this.#write(each.type === "RestElement" ? each.argument : each, at, value, "");
        break;
      case "AssignmentPattern":
        this.#write(target.left, at, value, part);
        break;
      default:
        if (isWrapper(target)) this.#write(unwrap(target), at, value, part, adds);
        else if (target.type === "MemberExpression") this.#change(target.object, at, value);
    }
  }

  /** Notes a change of the object that `a` holds, for a target such as `a.b[c]`. */
  #change(object: Node, at: Node, value: Node | undefined, kind: "change" | "fill" = "change"): Binding | undefined {
    const root = rootOf(object);
    const binding = root.type === "Identifier" ? this.#target(root) : undefined;
    binding?.writes.push({ kind, at, value });
    return binding;
  }

  #target(id: Extract<Node, { type: "Identifier" }>): Binding | undefined {
    const binding = this.#bindingOf.get(id) ?? this.lookup(id.name, id);
    if (binding !== undefined) this.#bindingOf.set(id, binding);
    return binding;
  }
}

function nameOfExport(name: { type: string; name?: string; value?: string }): string {
  return name.name ?? name.value ?? "";
}

function rootOf(object: Node): Node {
  let root = unwrap(object);
  while (root.type === "MemberExpression") root = unwrap(root.object);
  return root;
}
