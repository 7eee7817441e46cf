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

/** The names that a node declares; none for most nodes. */
export function* declaredBy(node: Node): Generator<Declared> {
  switch (node.type) {
    case "ImportDeclaration":
      yield* importedBy(node);
      break;
    case "VariableDeclaration":
      for (const { id } of node.declarations) yield* named(id, "variable", node.kind === "var" ? "function" : "block");
      break;
    case "FunctionDeclaration":
      if (node.id) yield { id: node.id, kind: "function", scope: "block" };
      yield* parametersOf(node.params);
      break;
    case "FunctionExpression":
      if (node.id) yield { id: node.id, kind: "other", scope: "node" };
      yield* parametersOf(node.params);
      break;
    case "ArrowFunctionExpression":
      yield* parametersOf(node.params);
      break;
    case "ClassDeclaration":
    case "TSEnumDeclaration":
      if (node.id) yield { id: node.id, kind: "other", scope: "block" };
      break;
    case "CatchClause":
      if (node.param) yield* named(node.param, "other", "node");
      break;
  }
}

function* importedBy({ specifiers, source }: Extract<Node, { type: "ImportDeclaration" }>): Generator<Declared> {
  for (const each of specifiers) {
    const imported = { from: source.value, name: importedName(each) };
    yield { id: each.local, kind: "import", scope: "program", imported };
  }
}

function* parametersOf(patterns: readonly Node[]): Generator<Declared> {
  for (const pattern of patterns) yield* named(pattern, "parameter", "node");
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
