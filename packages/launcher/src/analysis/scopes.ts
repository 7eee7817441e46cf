import { type Declared, declaredBy } from "./declarations.ts";
import { type Binding, isNameOnly, makesScope } from "./names.ts";
import { type Call, type FunctionNode, forEachChild, isFunction, type Node, unwrap } from "./syntax.ts";
import { writesOf } from "./writes.ts";

/** A parsed file with its variables resolved. */
export class Scopes {
  readonly program: Node;
  readonly calls: Call[] = [];
  readonly bindings: Binding[] = [];
  readonly #parents = new Map<Node, Node>();
  readonly #parentOf = (node: Node): Node | undefined => this.#parents.get(node);
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
    for (const each of declaredBy(node)) this.#add(each, this.#scopeOf(each, node));
    switch (node.type) {
      case "ImportDeclaration":
        for (const each of node.specifiers) this.#parents.set(each, node);
        return;
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        return;
      case "FunctionDeclaration": {
        const binding = node.id && this.binding(node.id);
        binding?.writes.push({ kind: "set", at: node, value: node });
        if (binding) this.#functions.set(node, binding);
        break;
      }
      case "CallExpression":
        this.calls.push(node);
        break;
    }
    forEachChild(node, (child) => {
      this.#parents.set(child, node);
      this.#declare(child);
    });
  }

  #scopeOf({ scope }: Declared, node: Node): Node {
    switch (scope) {
      case "node":
        return node;
      case "block":
        return this.#scopeAround(node);
      case "function":
        return this.functionAround(node);
      case "program":
        return this.program;
    }
  }

  #add({ id, kind, imported }: Declared, scope: Node): void {
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
  }

  #scopeAround(node: Node): Node {
    let around = this.parent(node);
    while (around !== undefined && !this.#names.has(around)) around = this.parent(around);
    return around ?? this.program;
  }

  #resolve(node: Node): void {
    for (const { id, write, isRead } of writesOf(node, this.#parentOf)) {
      const binding = this.#target(id as Identifier);
      binding?.writes.push(write);
      if (isRead) binding?.reads.push(id);
    }
    switch (node.type) {
      case "VariableDeclarator":
        if (node.init && isFunction(unwrap(node.init)) && node.id.type === "Identifier")
          this.#functions.set(unwrap(node.init), this.binding(node.id)!);
        break;
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

  #read(id: Identifier): void {
    if (this.#bindingOf.has(id)) return; // a declaration or the target of a write
    this.#target(id)?.reads.push(id);
  }

  #target(id: Identifier): Binding | undefined {
    const binding = this.#bindingOf.get(id) ?? this.lookup(id.name, id);
    if (binding !== undefined) this.#bindingOf.set(id, binding);
    return binding;
  }
}

type Identifier = Extract<Node, { type: "Identifier" }>;
