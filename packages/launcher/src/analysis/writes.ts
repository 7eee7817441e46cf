import type { Write } from "./names.ts";
import { type Call, isWrapper, type Node, optionsOf, propertyName, unwrap } from "./syntax.ts";

/** A write of a variable. */
export interface Written {
  /** The variable's identifier. */
  readonly id: Node;
  readonly write: Write;
  /** Whether the node reads the variable too: `const last = list.pop()`. */
  readonly isRead?: boolean;
}

/** What a target gets: everything of a {@link Write} but its kind. */
type Given = Omit<Write, "kind">;

const mutating = new Set(
  "push pop shift unshift splice sort reverse fill copyWithin set add delete clear append".split(" "),
);

const none: readonly Written[] = [];

/** The variables that a node writes; none for most nodes, which therefore cost no generator. */
export function writesOf(node: Node, parentOf: (node: Node) => Node | undefined): Iterable<Written> {
  switch (node.type) {
    case "VariableDeclarator":
      return byDeclarator(node, parentOf(node)!, parentOf);
    case "AssignmentExpression":
      return targetsOf(node.left, { at: node, value: node.right, ...(node.operator !== "=" && { adds: true }) });
    case "UpdateExpression":
      return targetsOf(node.argument, { at: node, value: undefined, adds: true });
    case "UnaryExpression":
      return node.operator === "delete" ? targetsOf(node.argument, { at: node, value: undefined }) : none;
    case "CallExpression":
      return changesBy(node, parentOf(node)?.type !== "ExpressionStatement");
    default:
      return none;
  }
}

/** `const x = value`, `for (const x of list)`. */
function byDeclarator(
  node: Extract<Node, { type: "VariableDeclarator" }>,
  declaration: Node,
  parentOf: (node: Node) => Node | undefined,
): Iterable<Written> {
  if (node.init) return targetsOf(node.id, { at: node, value: node.init });
  const loop = parentOf(declaration);
  if (loop?.type !== "ForOfStatement" || loop.left !== declaration) return none;
  return targetsOf(node.id, { at: node, value: loop.right, part: "" });
}

/** The variables of an assignment's target. */
function* targetsOf(target: Node, given: Given): Generator<Written> {
  switch (target.type) {
    case "Identifier":
      yield { id: target, write: { kind: "set", ...given } };
      break;
    case "ObjectPattern":
      for (const each of target.properties)
        yield* targetsOf(inner(each), { ...given, part: given.part === undefined ? keyOf(each) : "" });
      break;
    case "ArrayPattern":
      for (const each of target.elements) if (each) yield* targetsOf(inner(each), { ...given, part: "" });
      break;
    case "AssignmentPattern":
      yield* targetsOf(target.left, given);
      break;
    default:
      if (isWrapper(target)) yield* targetsOf(unwrap(target), given);
      else if (target.type === "MemberExpression") yield* changeOf(target.object, given.at, given.value);
  }
}

/** `list.push(x)`, `Object.assign(settings, more)`, `recv({ into: array })`. */
function* changesBy(call: Call, isUsed: boolean): Generator<Written> {
  const { callee } = call;
  const name = propertyName(callee) ?? "";
  if (callee.type === "MemberExpression" && mutating.has(name))
    for (const each of changeOf(callee.object, call, call)) yield { ...each, isRead: isUsed };
  if (name === "assign" && call.arguments[0]) yield* changeOf(call.arguments[0], call, call);
  for (const [key, value] of optionsOf(call)) if (key === "into") yield* changeOf(value, call, call, "fill");
}

/** A change of the object that `a` holds, for a target such as `a.b[c]`. */
function* changeOf(
  object: Node,
  at: Node,
  value: Node | undefined,
  kind: "change" | "fill" = "change",
): Generator<Written> {
  let id = unwrap(object);
  while (id.type === "MemberExpression") id = unwrap(id.object);
  if (id.type === "Identifier") yield { id, write: { kind, at, value } };
}

/** The target in an element of a pattern: `b` of `{ a: b }` and of `...b`. */
function inner(element: Node): Node {
  if (element.type === "RestElement") return element.argument;
  return element.type === "Property" ? element.value : element;
}

/** The name in `{ name }` and `{ name: target }`; "" for other elements of a pattern. */
function keyOf(element: Node): string {
  if (element.type !== "Property" || element.computed) return "";
  return element.key.type === "Identifier" ? element.key.name : "";
}
