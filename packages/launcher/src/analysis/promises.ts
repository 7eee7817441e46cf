import type { Communicators, OurCall } from "./communicators.ts";
import type { Binding } from "./names.ts";
import type { Scopes } from "./scopes.ts";
import { dottedName, isWrapper, type Node, propertyName } from "./syntax.ts";
import { mayFloat, streaming } from "./vocabulary.ts";

/** A slip: its node, and the text that follows `main.ts:9: `. */
export interface Finding {
  readonly at: Node;
  readonly text: string;
}

/** A promise in an expression: a call of tsmpi, or a variable that holds its promise. */
interface Promised {
  readonly call: OurCall;
  readonly variable: Binding | undefined;
  /** The expression as it is in the source. */
  readonly source: string;
  /** The source of any node, shortened if it is long. */
  readonly words: (node: Node) => string;
}

const aPromise = new Set(["then", "catch", "finally", "constructor"]);
const toNumber = new Set("- * / % ** < > <= >= & | ^ << >> >>>".split(" "));
const equality = new Set(["==", "!=", "===", "!=="]);
const numberFunctions = /^(Number|parseInt|parseFloat|isNaN|isFinite|Math\.\w+|Number\.\w+)$/;
const textFunctions = /^String$/;
const showing = /^(console\.(log|info|warn|error|debug)|JSON\.stringify)$/;

/** Finds calls of tsmpi whose promise is used as its value: an `await` is missing. */
export function* missingAwaits(scopes: Scopes, communicators: Communicators, text: string): Generator<Finding> {
  const words = (node: Node): string => shortened(text, node);
  for (const node of scopes.calls) {
    const call = promising(communicators, node);
    if (call !== undefined) yield* misuse(scopes, node, { call, variable: undefined, source: words(node), words });
  }
  for (const variable of scopes.bindings) {
    const value = scopes.onlyValue(variable.declaration);
    const call = value && promising(communicators, value);
    if (call === undefined) continue;
    for (const read of variable.reads) yield* misuse(scopes, read, { call, variable, source: variable.name, words });
  }
}

function promising(communicators: Communicators, node: Node): OurCall | undefined {
  const call = communicators.callOf(node);
  return call !== undefined && streaming.has(call.name) ? undefined : call;
}

function* misuse(scopes: Scopes, node: Node, promised: Promised): Generator<Finding> {
  let child = node;
  let parent = scopes.parent(child);
  while (parent !== undefined && isWrapper(parent)) {
    child = parent;
    parent = scopes.parent(child);
  }
  const text = parent && describe(scopes, child, parent, promised);
  if (text !== undefined) yield { at: node, text };
}

function describe(scopes: Scopes, child: Node, parent: Node, promised: Promised): string | undefined {
  const { source } = promised;
  const condition = conditionOf(scopes, child, parent, source);
  // A variable that is not constant may be undefined at times: `if (request) await request`.
  if (condition !== undefined && (promised.variable === undefined || isConstant(scopes, promised.variable)))
    return wrong(promised, "is always true", condition);
  switch (parent.type) {
    case "MemberExpression":
      return inMember(parent, child, promised);
    case "SpreadElement":
      return wrong(promised, "holds nothing that could be spread", `...(await ${source})`);
    case "ForOfStatement":
      if (parent.right !== child || parent.await) return undefined;
      return wrong(promised, "cannot be iterated", `of await ${source}`);
    case "VariableDeclarator":
      return parent.init === child ? takenApart(parent.id, promised) : undefined;
    case "AssignmentExpression":
      return assigned(parent, child, promised);
    case "BinaryExpression":
      return inBinary(parent, child, promised);
    case "UnaryExpression":
      return /^[-+~]$/.test(parent.operator) ? asNumber : undefined;
    case "TemplateLiteral":
      return scopes.parent(parent)?.type === "TaggedTemplateExpression" ? undefined : asText;
    case "CallExpression":
      return asArgument(parent, child, promised);
    case "ExpressionStatement":
      return floating(promised);
    default:
      return undefined;
  }
}

/** `world.recv().length`, `world.recv()[0]`. */
function inMember(
  member: Extract<Node, { type: "MemberExpression" }>,
  child: Node,
  promised: Promised,
): string | undefined {
  if (member.object !== child) return undefined;
  const { source, words } = promised;
  const name = propertyName(member);
  if (name !== undefined)
    return aPromise.has(name) ? undefined : wrong(promised, `has no ${name}`, `(await ${source}).${name}`);
  if (!member.computed) return undefined;
  return wrong(promised, "has no elements", `(await ${source})[${words(member.property)}]`);
}

/** `const { data } = world.recvMessage()`, `total += world.recv()`. */
function assigned(
  { operator, left, right }: Extract<Node, { type: "AssignmentExpression" }>,
  child: Node,
  promised: Promised,
): string | undefined {
  if (right !== child) return undefined;
  if (operator === "=") return takenApart(left, promised);
  return /^(\?\?|\|\||&&)=$/.test(operator) ? undefined : asNumber;
}

/** `world.recv() + 1`, `world.recv() === 1`. */
function inBinary(
  { operator, left, right }: Extract<Node, { type: "BinaryExpression" }>,
  child: Node,
  promised: Promised,
): string | undefined {
  if (toNumber.has(operator)) return asNumber;
  if (operator === "+") return isText(left) || isText(right) ? asText : asNumber;
  if (!equality.has(operator) || !isValue(left === child ? right : left)) return undefined;
  return wrong(promised, "equals no value", `(await ${promised.source}) ${operator} ...`);
}

/** `Number(world.recv())`, `console.log(world.recv())`. */
function asArgument(
  { callee }: Extract<Node, { type: "CallExpression" }>,
  child: Node,
  { call, source }: Promised,
): string | undefined {
  if (callee === child) return undefined;
  const name = dottedName(callee) ?? "";
  if (numberFunctions.test(name)) return asNumber;
  if (textFunctions.test(name)) return asText;
  if (!showing.test(name)) return undefined;
  return `${name}() gets a promise, not what ${call.name}() gives; write: ${name}(await ${source})`;
}

// The same sentences as in core's promise-hook.ts: the launcher shows equal texts once.
const asNumber = "a promise is used as a number: is an await missing?";
const asText = "a promise is used as text: is an await missing?";

function wrong({ call, variable }: Promised, what: string, write: string): string {
  const subject =
    variable === undefined ? `${call.name}() gives a promise` : `${variable.name} is the promise of ${call.name}()`;
  return `${subject}, which ${what}; write: ${write}`;
}

/** What to write, by the statement or expression whose test a promise is. */
const tests: Readonly<Record<string, (source: string) => string>> = {
  IfStatement: (source) => `if (await ${source})`,
  WhileStatement: (source) => `while (await ${source})`,
  DoWhileStatement: (source) => `while (await ${source})`,
  ForStatement: (source) => `await ${source}`,
  ConditionalExpression: (source) => `(await ${source}) ? ... : ...`,
};

/** What to write in place of a condition; undefined if the expression is not a condition. */
function conditionOf(scopes: Scopes, child: Node, parent: Node, source: string): string | undefined {
  if ("test" in parent && parent.test === child) return tests[parent.type]?.(source);
  if (parent.type === "UnaryExpression") return parent.operator === "!" ? `!(await ${source})` : undefined;
  if (parent.type !== "LogicalExpression" || parent.operator === "??") return undefined;
  if (parent.left === child) return `(await ${source}) ${parent.operator} ...`;
  const outer = scopes.parent(parent);
  return outer && conditionOf(scopes, parent, outer, source) === undefined ? undefined : `await ${source}`;
}

function isConstant(scopes: Scopes, { declaration }: Binding): boolean {
  const declarator = scopes.parent(declaration);
  const list = declarator && scopes.parent(declarator);
  return list?.type === "VariableDeclaration" && list.kind === "const";
}

function takenApart(pattern: Node, promised: Promised): string | undefined {
  const { source, words } = promised;
  const write = `${words(pattern)} = await ${source}`;
  if (pattern.type === "ArrayPattern") return wrong(promised, "has no elements", write);
  if (pattern.type !== "ObjectPattern") return undefined;
  const first = pattern.properties[0];
  const name = first?.type === "Property" && first.key.type === "Identifier" ? first.key.name : "such properties";
  return wrong(promised, `has no ${name}`, write);
}

function floating({ call, variable, source }: Promised): string | undefined {
  if (variable !== undefined || call.of !== "communicator" || mayFloat.has(call.name)) return undefined;
  return `nothing waits for ${call.name}(); write: await ${source}, or void ${source} where that is meant`;
}

function isText(node: Node): boolean {
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string");
}

/** Whether a node is a literal other than `null`: a variable for a promise may be null. */
function isValue(node: Node): boolean {
  return node.type === "TemplateLiteral" || (node.type === "Literal" && node.value !== null);
}

function shortened(text: string, node: Node): string {
  const all = text.slice(node.start, node.end);
  if (all.length <= 40 && !all.includes("\n")) return all;
  return node.type === "CallExpression" ? `${text.slice(node.callee.start, node.callee.end)}(...)` : "...";
}
