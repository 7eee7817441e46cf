import { Branches } from "./branches.ts";
import type { Communicators } from "./communicators.ts";
import type { Binding, Write } from "./names.ts";
import { Ranks } from "./ranks.ts";
import type { Scopes } from "./scopes.ts";
import { type Call, contains, dottedName, isFunction, type Node, partsOf, unwrap } from "./syntax.ts";
import { atRootOnly, eachRanksOwn, sameEverywhere } from "./vocabulary.ts";

/** Why a variable differs from rank to rank: the node that writes it, and the words after "which main.ts:5". */
export interface Difference {
  readonly at: Node;
  readonly how: string;
  /** The variable that the expression reads. */
  readonly of?: string;
  /** Whether the value is a time of this rank's clock. */
  readonly isClock?: boolean;
}

const clocks = new Set(["Date.now", "performance.now", "process.hrtime", "process.uptime"]);
const randoms = new Set(["Math.random", "randomUUID", "crypto.randomUUID", "randomBytes", "crypto.randomBytes"]);
/** Functions without state: their result differs only if an argument does. */
const plain =
  /^(Math\.\w+|Number|String|Boolean|BigInt|parseInt|parseFloat|structuredClone|Object\.\w+|JSON\.\w+|\w*Array\.(from|of))$/;
const plainClasses = /^(Array|Map|Set|Date|\w+Array)$/;

/** Longest chain of variables that is followed, and most writes of one variable. Bounds the recursion and the time. */
const mostSteps = 100;

/** Finds out which variables differ from rank to rank. Values that it cannot follow count as the same. */
export class Differences {
  readonly #scopes: Scopes;
  readonly #communicators: Communicators;
  readonly #branches: Branches;
  /** Variables under examination, so that `a = b; b = a` ends. */
  readonly #open = new Set<Binding>();
  /** Results by read. Without them a chain of `a2 = a1 + a1` takes exponential time. */
  readonly #read = new Map<Node, Difference | undefined>();
  readonly #ranks: Ranks;
  /** Calls whose result is equal on all ranks. */
  #sharing: Call[] | undefined;

  constructor(scopes: Scopes, communicators: Communicators) {
    this.#scopes = scopes;
    this.#communicators = communicators;
    this.#ranks = new Ranks(scopes, communicators);
    this.#branches = new Branches(scopes, (test) => this.#ranks.isRank(test) || this.#of(test) !== undefined);
  }

  /** Why `binding` differs at the node `use`; undefined if it does not. Writes within `except` do not count. */
  ofVariable(binding: Binding, use: Node, except: readonly Node[] = []): Difference | undefined {
    if (this.#open.has(binding) || this.#open.size > mostSteps || binding.writes.length > mostSteps) return undefined;
    this.#open.add(binding);
    try {
      const writes = binding.writes.filter(({ at }) => !except.some((each) => contains(each, at)));
      if (this.#isPassedOn(binding, writes)) return undefined;
      for (const write of writes) {
        if (!this.#comesBefore(write.at, use)) continue;
        const difference = this.#ofWrite(binding, write, use);
        if (difference !== undefined && !this.#isSharedAgain(binding, write, use)) return difference;
      }
      return undefined;
    } finally {
      this.#open.delete(binding);
    }
  }

  #ofWrite({ scope }: Binding, { kind, at, value, part }: Write, use: Node): Difference | undefined {
    if (kind === "fill") return this.#ofResult(this.#communicators.callOf(at)?.name, at);
    const written = value && unwrap(value);
    if (written !== undefined && (isFunction(written) || isFlag(written) || this.#isSame(written))) return undefined;
    const isOfCommunicator = part !== undefined && written !== undefined && this.#communicators.isCommunicator(written);
    const own = written === undefined || written === at || isOfCommunicator ? undefined : this.#of(written);
    if (own !== undefined)
      return contains(at, own.at) ? { ...own, at } : { ...own, at, how: `computes from ${own.of}` };
    switch (this.#branches.around(at, scope, use)) {
      case "branch":
        return { at, how: kind === "change" ? "changes on some ranks only" : "assigns on some ranks only" };
      case "loop":
        return { at, how: "computes in a loop that differs from rank to rank" };
      case undefined:
        return undefined;
    }
  }

  /** Why an expression differs from rank to rank; undefined if it does not. */
  #of(node: Node): Difference | undefined {
    const value = unwrap(node);
    switch (value.type) {
      case "Identifier": {
        const binding = this.#scopes.binding(value);
        return binding && this.#ofRead(binding, value);
      }
      case "AwaitExpression":
        return this.#ofAwait(value);
      case "ConditionalExpression":
        return (
          this.#ofChoice(value, value.test, value.consequent, value.alternate) ??
          this.#first(value.consequent, value.alternate)
        );
      case "LogicalExpression":
        return this.#ofLogical(value);
      case "MemberExpression":
        if (dottedName(value) === "process.pid") return perProcess("process.pid", value);
        return this.#communicators.isCommunicator(value.object) ? undefined : this.#first(...partsOf(value));
      case "NewExpression": {
        const name = dottedName(value.callee) ?? "";
        if (name === "Date" && value.arguments.length === 0) return perProcess("new Date()", value, true);
        return plainClasses.test(name) ? this.#first(...value.arguments) : undefined;
      }
      case "CallExpression":
        return this.#ofCall(value);
      default:
        return this.#first(...partsOf(value));
    }
  }

  /** The first difference of some expressions. */
  #first(...parts: (Node | null)[]): Difference | undefined {
    for (const part of parts) {
      const difference = part && this.#of(part);
      if (difference) return difference;
    }
    return undefined;
  }

  #ofAwait(value: Extract<Node, { type: "AwaitExpression" }>): Difference | undefined {
    const call = this.#communicators.awaited(value);
    if (call?.of === "workers") return undefined;
    if (call !== undefined) return this.#ofResult(call.name, value);
    return unwrap(value.argument).type === "CallExpression" ? undefined : this.#first(value.argument);
  }

  #ofRead(binding: Binding, read: Node): Difference | undefined {
    if (!this.#read.has(read)) {
      const difference = this.ofVariable(binding, read);
      this.#read.set(read, difference && { ...difference, of: binding.name });
    }
    return this.#read.get(read);
  }

  #ofCall(call: Call): Difference | undefined {
    const name = dottedName(call.callee) ?? "";
    if (clocks.has(name)) return perProcess(`${name}()`, call, true);
    if (randoms.has(name)) return perProcess(`${name}()`, call);
    if (this.#communicators.isShare(call)) return { at: call, how: "sets to this rank's share" };
    if (plain.test(name)) return this.#first(...call.arguments);
    const callee = unwrap(call.callee);
    if (callee.type !== "MemberExpression" || this.#communicators.callOf(call)) return undefined;
    return this.#first(callee.object);
  }

  /** `rank === 0 ? a : b`. A choice of functions, streams or flags is intended: only one rank writes the log. */
  #ofChoice(at: Node, test: Node, ...branches: Node[]): Difference | undefined {
    const values = branches.map(unwrap);
    if (values.some((each) => isFunction(each) || isOutput(each))) return undefined;
    if (values.some((each) => this.#isReceived(each))) return undefined;
    if (values.some(isFlag)) return undefined;
    const differs = this.#ranks.isRank(test) || this.#of(test) !== undefined;
    return differs ? { at, how: "sets to another value on some ranks" } : undefined;
  }

  #ofLogical(value: Extract<Node, { type: "LogicalExpression" }>): Difference | undefined {
    if (!this.#ranks.isRank(value)) return this.#first(value.left, value.right);
    return isMade(value.right) ? this.#ofChoice(value, value.left, value.right) : undefined;
  }

  #ofResult(name: string | undefined, at: Node): Difference | undefined {
    if (name === undefined) return undefined;
    if (eachRanksOwn.has(name)) return { at, how: `sets to this rank's result of ${name}()` };
    return atRootOnly.has(name) ? { at, how: `sets to the result of ${name}(), which one rank gets` } : undefined;
  }

  #isSame(value: Node): boolean {
    const call = this.#communicators.awaited(value) ?? this.#communicators.callOf(value);
    return call !== undefined && sameEverywhere.has(call.name);
  }

  #isReceived(value: Node): boolean {
    return /^recv(Message)?$/.test(this.#communicators.awaited(value)?.name ?? "");
  }

  /** Whether the program broadcasts the variable by hand: one rank sends it, the others receive into it. */
  #isPassedOn(binding: Binding, writes: readonly Write[]): boolean {
    const isReceived = writes.some(({ kind, at, value }) =>
      kind === "fill" ? this.#communicators.callOf(at)?.name === "recv" : value && this.#isReceived(unwrap(value)),
    );
    return isReceived && binding.reads.some((read) => this.#isSent(read));
  }

  #isSent(read: Node): boolean {
    for (let around = this.#scopes.parent(read); around && !isFunction(around); around = this.#scopes.parent(around)) {
      if (this.#communicators.callOf(around)?.name === "send") return true;
    }
    return false;
  }

  /** Whether a statement between `write` and `use` makes the variable equal on all ranks. */
  #isSharedAgain(binding: Binding, write: Write, use: Node): boolean {
    const isBetween = (at: Node): boolean => this.#comesBefore(write.at, at) && this.#comesBefore(at, use);
    return (
      binding.writes.some(
        (other) => other !== write && isBetween(other.at) && this.#shares(binding, write, other, use),
      ) || binding.reads.some((read) => isBetween(read) && this.#isSharedByCaller(read))
    );
  }

  #shares(binding: Binding, before: Write, { kind, at, value, adds }: Write, use: Node): boolean {
    this.#sharing ??= this.#scopes.calls.filter((call) => this.#isSame(call));
    if (this.#sharing.some((call) => contains(at, call))) return true;
    if (kind !== "set" || adds === true || value === undefined || this.#of(value) !== undefined) return false;
    const isBelow =
      at.start > before.at.start && this.#scopes.functionAround(at) === this.#scopes.functionAround(before.at);
    const statement = this.#scopes.parent(this.#scopes.parent(at) ?? at);
    if (!isBelow || statement === undefined || !contains(statement, use)) return false;
    return this.#branches.around(at, binding.scope, use) === undefined;
  }

  /** `await shareSettings(world, settings)`: a function with a communicator may broadcast it. */
  #isSharedByCaller(read: Node): boolean {
    const call = this.#scopes.parent(read);
    if (call?.type !== "CallExpression" || this.#communicators.callOf(call)) return false;
    return call.arguments.some((each) => each.type !== "SpreadElement" && this.#communicators.isCommunicator(each));
  }

  /** Whether `first` may run before `second`: by its position, in a common loop, or from another function. */
  #comesBefore(first: Node, second: Node): boolean {
    if (first.start <= second.start) return true;
    if (this.#scopes.functionAround(first) !== this.#scopes.functionAround(second)) return true;
    return this.#branches.loopsAround(first).some((loop) => contains(loop, second));
  }
}

function perProcess(what: string, at: Node, isClock = false): Difference {
  return { at, how: `sets to ${what}, another value on every rank`, ...(isClock && { isClock }) };
}

/** Whether an expression makes a value, as in `rank === 0 && read()`; not in `rank === 0 && verbose`. */
function isMade(node: Node): boolean {
  return /^(Await|Call|New|Object|Array)Expression$/.test(unwrap(node).type);
}

/** Flags differ on purpose: `if (rank === 0) verbose = true`. */
function isFlag(node: Node): boolean {
  return node.type === "Literal" && typeof node.value === "boolean";
}

function isOutput(node: Node): boolean {
  return /^(console|process)\.\w+$/.test(dottedName(node) ?? "");
}
