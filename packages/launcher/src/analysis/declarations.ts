import { type Binding, identifiersOf } from "./names.ts";
import type { Node } from "./syntax.ts";

/** A name that a node declares. */
export interface Declared {
  readonly id: Node;
  readonly kind: Binding["kind"];
  /** Where the name means this variable: in the node itself, or in the block, function or program around the node. */
  readonly scope: "node" | "block" | "function" | "program";
  readonly imported?: Binding["imported"];
}

const none: readonly Declared[] = [];

/** The names that a node declares; none for most nodes, which therefore cost no generator. */
export function declaredBy(node: Node): Iterable<Declared> {
  switch (node.type) {
    case "ImportDeclaration":
      return importedBy(node);
    case "VariableDeclaration":
      return variablesOf(node);
    case "FunctionDeclaration":
      return byFunction(node.params, node.id && { id: node.id, kind: "function", scope: "block" });
    case "FunctionExpression":
      return byFunction(node.params, node.id && { id: node.id, kind: "other", scope: "node" });
    case "ArrowFunctionExpression":
      return byFunction(node.params, null);
    case "ClassDeclaration":
    case "TSEnumDeclaration":
      return node.id ? [{ id: node.id, kind: "other", scope: "block" }] : none;
    case "CatchClause":
      return node.param ? named(node.param, "other", "node") : none;
    default:
      return none;
  }
}

function* variablesOf(declaration: Extract<Node, { type: "VariableDeclaration" }>): Generator<Declared> {
  const scope = declaration.kind === "var" ? "function" : "block";
  for (const { id } of declaration.declarations) yield* named(id, "variable", scope);
}

function* importedBy({ specifiers, source }: Extract<Node, { type: "ImportDeclaration" }>): Generator<Declared> {
  for (const each of specifiers) {
    const imported = { from: source.value, name: importedName(each) };
    yield { id: each.local, kind: "import", scope: "program", imported };
  }
}

/** A function's own name, if it has one, and its parameters. */
function* byFunction(parameters: readonly Node[], own: Declared | null): Generator<Declared> {
  if (own !== null) yield own;
  for (const pattern of parameters) yield* named(pattern, "parameter", "node");
}

function* named(pattern: Node, kind: Declared["kind"], scope: Declared["scope"]): Generator<Declared> {
  for (const id of identifiersOf(pattern)) yield { id, kind, scope };
}

/** `default` of a default import, `*` of a namespace. */
function importedName(specifier: Extract<Node, { type: "ImportDeclaration" }>["specifiers"][number]): string {
  switch (specifier.type) {
    case "ImportDefaultSpecifier":
      return "default";
    case "ImportNamespaceSpecifier":
      return "*";
    case "ImportSpecifier": {
      const { imported } = specifier;
      return imported.type === "Literal" ? imported.value : imported.name;
    }
  }
}
