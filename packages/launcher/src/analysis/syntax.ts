import type { Node } from "oxc-parser";

export type { Node } from "oxc-parser";

export type FunctionNode = Extract<
  Node,
  { type: "ArrowFunctionExpression" | "FunctionDeclaration" | "FunctionExpression" }
>;

export type Call = Extract<Node, { type: "CallExpression" }>;

/** Properties that hold types: they have no code. */
const withoutCode: ReadonlySet<string> = new Set([
  "typeAnnotation",
  "typeArguments",
  "typeParameters",
  "returnType",
  "superTypeArguments",
  "implements",
]);

/** Calls `visit` for each child that has code, with the name of the property that holds it. */
export function forEachChild(node: Node, visit: (child: Node, key: string) => void): void {
  // for...in takes less than half the time of Object.entries().
  for (const key in node) {
    const value: unknown = node[key as keyof Node];
    if (value === null || typeof value !== "object" || withoutCode.has(key)) continue;
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) visit(each, key);
    } else if (isNode(value)) visit(value, key);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}

export function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression" || node.type === "FunctionDeclaration"
  );
}

/** Whether a node leaves the value as it is: a type assertion, or the mark of an optional chain. */
export function isWrapper(node: Node): boolean {
  switch (node.type) {
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSTypeAssertion":
    case "TSNonNullExpression":
    case "TSInstantiationExpression":
    case "ChainExpression":
      return true;
    default:
      return false;
  }
}

/** The expression within wrappers. */
export function unwrap(node: Node): Node {
  let inner = node;
  while (isWrapper(inner)) inner = (inner as unknown as { expression: Node }).expression;
  return inner;
}

/** The name in `object.name`; undefined for any other node. */
export function propertyName(node: Node): string | undefined {
  return node.type === "MemberExpression" && !node.computed && node.property.type === "Identifier"
    ? node.property.name
    : undefined;
}

/** `Math.random` as text; undefined for longer and computed names. */
export function dottedName(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  const property = propertyName(node);
  if (node.type !== "MemberExpression" || property === undefined) return undefined;
  const object = unwrap(node.object);
  return object.type === "Identifier" ? `${object.name}.${property}` : undefined;
}

export function contains(outer: Node, inner: Node): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The properties of the object literals among a call's arguments. */
export function* optionsOf(call: Call): Generator<[key: string, value: Node]> {
  for (const argument of call.arguments) {
    if (argument.type !== "ObjectExpression") continue;
    for (const each of argument.properties) {
      if (each.type === "Property" && !each.computed && each.key.type === "Identifier")
        yield [each.key.name, each.value];
    }
  }
}

/** The expressions that an expression's value is computed from, without calls and choices; none for most nodes. */
export function partsOf(node: Node): readonly (Node | null)[] {
  switch (node.type) {
    case "BinaryExpression":
      return [node.left, node.right];
    case "UnaryExpression":
      return node.operator === "typeof" ? [] : [node.argument];
    case "MemberExpression":
      return [node.object, node.computed ? node.property : null];
    case "TemplateLiteral":
      return node.expressions;
    case "ArrayExpression":
      return node.elements;
    case "SpreadElement":
      return [node.argument];
    case "ObjectExpression":
      return node.properties.map((each) => (each.type === "Property" ? each.value : each));
    default:
      return [];
  }
}
