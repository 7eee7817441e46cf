import type { Communicators, OurCall } from "./communicators.ts";
import type { Difference, Differences } from "./differences.ts";
import type { Binding } from "./names.ts";
import type { Finding } from "./promises.ts";
import type { Scopes } from "./scopes.ts";
import { contains, type FunctionNode, forEachChild, type Node, optionsOf, unwrap } from "./syntax.ts";
import { taskFirst } from "./vocabulary.ts";

/** Finds variables that a task uses and that differ from rank to rank. `site` gives `main.ts:9` for a node. */
export function* differingCaptures(
  scopes: Scopes,
  communicators: Communicators,
  differences: Differences,
  site: (node: Node) => string,
): Generator<Finding> {
  for (const node of scopes.calls) {
    const call = communicators.callOf(node);
    const tasks = call === undefined ? [] : tasksOf(call, scopes);
    if (call === undefined || tasks.length === 0 || isOfPart(call, communicators)) continue;
    const bodies = reachable(tasks, scopes);
    // An initializer is meant to assign each rank's own value.
    const own = [...bodies, ...[...optionsOf(node)].flatMap(([key, value]) => (key === "initializer" ? [value] : []))];
    for (const [variable, reads] of captured(bodies, scopes)) {
      if (communicators.isCommunicator(reads[0]!)) continue;
      const difference = differences.ofVariable(variable, node, own);
      if (difference === undefined || isIntended(scopes, reads, difference)) continue;
      const text = `the task of ${call.name}() uses ${variable.name}, which ${site(difference.at)} ${difference.how}`;
      yield { at: node, text: `${text}: every rank uses its own value; bcast it, or pass it with the inputs` };
    }
  }
}

/** Whether the task knows that the variable differs: it tests it first, or subtracts times. */
function isIntended(scopes: Scopes, reads: readonly Node[], { isClock }: Difference): boolean {
  if (reads.some((read) => isAsked(scopes, read))) return true;
  return isClock === true && reads.every((read) => isMeasured(scopes, read));
}

function tasksOf({ name, of, node }: OurCall, scopes: Scopes): FunctionNode[] {
  const [first, second] = node.arguments;
  const isMethod = of === "communicator"; // world.pool(tasks, ...), not pool(world, tasks, ...)
  if (taskFirst.has(name) && isMethod) return first ? functions([first], scopes) : [];
  const given = isMethod ? first : second;
  if (name !== "pool" || given === undefined) return [];
  const written = unwrap(given);
  const tasks = written.type === "Identifier" ? scopes.onlyValue(written) : written;
  if (tasks?.type !== "ObjectExpression") return [];
  return functions(
    tasks.properties.flatMap((each) => (each.type === "Property" ? [each.value] : [])),
    scopes,
  );
}

function functions(nodes: readonly Node[], scopes: Scopes): FunctionNode[] {
  return nodes.flatMap((node) => scopes.functionOf(node) ?? []);
}

/** The functions, and the functions of this file that they use. */
function reachable(tasks: readonly FunctionNode[], scopes: Scopes): FunctionNode[] {
  const found = [...tasks];
  for (const body of found) {
    for (const id of identifiersIn(body, scopes)) {
      const fn = scopes.functionOf(id);
      if (fn !== undefined && !found.some((each) => contains(each, fn))) found.push(fn);
    }
  }
  return found;
}

function captured(bodies: readonly FunctionNode[], scopes: Scopes): Map<Binding, Node[]> {
  const variables = new Map<Binding, Node[]>();
  for (const body of bodies) {
    for (const id of identifiersIn(body, scopes)) {
      const variable = scopes.binding(id)!;
      if (variable.kind !== "variable" && variable.kind !== "parameter") continue;
      if (bodies.some((each) => contains(each, variable.scope))) continue;
      if (variable.reads.includes(id)) variables.set(variable, [...(variables.get(variable) ?? []), id]);
    }
  }
  return variables;
}

function identifiersIn(node: Node, scopes: Scopes): Node[] {
  const found: Node[] = [];
  const visit = (each: Node): void => {
    if (each.type === "Identifier" && scopes.binding(each) !== undefined) found.push(each);
    forEachChild(each, visit);
  };
  visit(node);
  return found;
}

/** Ranks of one part may agree although the world does not: their branch on rank may be the one that chose the part. */
function isOfPart({ node, name, of }: OurCall, communicators: Communicators): boolean {
  const callee = unwrap(node.callee);
  const communicator =
    name === "pool" && of !== "communicator" ? node.arguments[0] : callee.type === "MemberExpression" && callee.object;
  return communicator ? communicators.isPart(communicator) : false;
}

/** `log?.(x)`, `if (table)`: the task handles the ranks where the variable is undefined. */
function isAsked(scopes: Scopes, read: Node): boolean {
  const parent = scopes.parent(read);
  switch (parent?.type) {
    case "MemberExpression":
    case "CallExpression":
      return parent.optional;
    case "IfStatement":
    case "ConditionalExpression":
      return parent.test === read;
    case "LogicalExpression":
      return parent.left === read;
    case "BinaryExpression":
      return /^[!=]==?$/.test(parent.operator) && [parent.left, parent.right].some(isNothing);
    default:
      return false;
  }
}

function isNothing(node: Node): boolean {
  return (node.type === "Identifier" && node.name === "undefined") || (node.type === "Literal" && node.value === null);
}

/** `Date.now() - started`: a duration on one rank is meant to come from that rank's clock. */
function isMeasured(scopes: Scopes, read: Node): boolean {
  const parent = scopes.parent(read);
  return parent?.type === "BinaryExpression" && parent.operator === "-";
}
