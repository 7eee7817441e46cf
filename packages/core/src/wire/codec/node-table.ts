/**
 * The form of values that MessagePack cannot express: a table of nodes, one for each object, the outermost first.
 *
 * ```
 * const member = new Map([["id", 7]]);
 * { first: member, again: member, at: new Date(0) }
 *
 *   0  [object, "first", [1], "again", [1], "at", [2]]
 *   1  [map, "id", 7]
 *   2  [date, 0]
 * ```
 *
 * In a node, `[n]` stands for the value of node n, and anything else for itself. So cycles, sharing and any depth need
 * neither recursion nor msgpackr's references, and msgpackr sees only plain values. Nodes are numbered as they are met,
 * breadth first. Only nodes that hold nothing (and errors and boxes) must exist before others are filled.
 */
export const Node = {
  /** key, value, ... */
  object: 0,
  /** item, ... */
  array: 1,
  /** length, key, item, ...: an array with holes, or with named properties */
  sparse: 2,
  /** key, value, ... */
  map: 3,
  /** member, ... */
  set: 4,
  /** milliseconds */
  date: 5,
  /** source as UTF-16, flags */
  regexp: 6,
  /** class, how many properties are not enumerable, key, value, ... (those first) */
  error: 7,
  /** primitive: `new Number(1)` and the like */
  boxed: 8,
  /** kind, and the bytes unless they are the next attachment */
  bytes: 9,
  /** UTF-16: text that UTF-8 cannot carry */
  text: 10,
  negativeZero: 11,
  /** name of the registered class, what its `write` gave */
  instance: 12,
} as const;

/** Stands for the value of node `[0]`. */
export type Reference = readonly [node: number];

/**
 * All nodes in an order in which the data of an instance is complete before the instance is made: depth first, children
 * before their holders. Objects that hold each other may come in any order, but no instance may be among them: then
 * `circular` is its node.
 */
export function fillingOrder(nodes: readonly (readonly unknown[])[]): { order: number[]; circular?: number } {
  const order: number[] = [];
  const way: number[] = [];
  /** How many entries of each node on the current path have been read. */
  const entries: number[] = [];
  /** The positions of instances on the current path, from 1. */
  const instances: number[] = [];
  /** The depth of each node; 0: not met yet. */
  const depths = new Int32Array(nodes.length);
  const visit = (node: number): void => {
    depths[node] = way.push(node);
    entries.push(0);
    if (nodes[node]?.[0] === Node.instance) instances.push(way.length);
  };
  visit(0);
  while (way.length > 0) {
    const node = way[way.length - 1] as number;
    const entry = nodes[node] as readonly unknown[];
    const next = (entries[entries.length - 1] as number) + 1;
    entries[entries.length - 1] = next;
    if (next >= entry.length) {
      if (instances[instances.length - 1] === way.length) instances.pop();
      way.pop();
      entries.pop();
      depths[node] = done;
      order.push(node);
      continue;
    }
    const child = nodeOf(entry[next]);
    if (!(child in depths) || depths[child] === done) continue;
    const instance = instances[instances.length - 1] ?? 0;
    const depth = depths[child] as number;
    if (depth === 0) visit(child);
    else if (instance >= depth) return { order, circular: way[instance - 1] as number };
  }
  return { order };
}

/** The node that a slot refers to; -1 if the slot is a value itself. */
function nodeOf(slot: unknown): number {
  const node: unknown = Array.isArray(slot) ? slot[0] : undefined;
  return typeof node === "number" ? node : -1;
}

const done = -1;
