import { isFunction, type Node } from "./syntax.ts";

/** A variable of a program: its scope, its writes and its reads. */
export interface Binding {
  readonly name: string;
  readonly kind: "import" | "parameter" | "function" | "variable" | "other";
  /** The node in which the name means this variable. */
  readonly scope: Node;
  readonly declaration: Node;
  /** Of an import: `{ from: "tsmpi", name: "init" }`; the name of a namespace is "*". */
  readonly imported?: { readonly from: string; readonly name: string };
  readonly writes: Write[];
  readonly reads: Node[];
}

export interface Write {
  /** `set`: a new value; `change`: the object it holds changes, as by push(); `fill`: it is the `into` of a call. */
  readonly kind: "set" | "change" | "fill";
  readonly at: Node;
  /** The value that is written, if it is an expression. Of a `fill`: the call. */
  readonly value: Node | undefined;
  /** The name in `const { name } = value`; "" for other patterns and for the elements of a loop. */
  readonly part?: string;
  /** Whether the new value depends on the old one, as with `+=`. */
  readonly adds?: boolean;
}

const scopes = new Set(
  "BlockStatement ForStatement ForInStatement ForOfStatement SwitchStatement CatchClause StaticBlock TSModuleBlock".split(
    " ",
  ),
);

export function makesScope(node: Node): boolean {
  return isFunction(node) || scopes.has(node.type);
}

/** Whether a child is a name but no variable: `.name`, `{ name: }`, a label. */
export function isNameOnly(node: Node, key: string): boolean {
  if (key === "property" && node.type === "MemberExpression") return !node.computed;
  if (key === "key" && "computed" in node) return !node.computed;
  if (node.type === "ExportSpecifier") return key === "exported";
  return key === "label" || node.type === "MetaProperty" || node.type === "TSEnumMember";
}

/** The variables of a pattern. */
export function* identifiersOf(pattern: Node): Generator<Node> {
  switch (pattern.type) {
    case "Identifier":
      yield pattern;
      break;
    case "ObjectPattern":
      for (const each of pattern.properties)
        yield* identifiersOf(each.type === "RestElement" ? each.argument : each.value);
      break;
    case "ArrayPattern":
      for (const each of pattern.elements) if (each) yield* identifiersOf(each);
      break;
    case "AssignmentPattern":
      yield* identifiersOf(pattern.left);
      break;
    case "RestElement":
      yield* identifiersOf(pattern.argument);
      break;
    case "TSParameterProperty":
      yield* identifiersOf(pattern.parameter);
      break;
  }
}
