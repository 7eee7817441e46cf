/**
 * The form of values that MessagePack has no room for: a table of nodes, one for each object, the outermost first.
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
 * In a node, `[n]` stands for what node n makes, anything else for itself. So cycles, sharing and any depth need
 * neither recursion nor references of msgpackr's, and what msgpackr sees is always plain. Nodes are numbered as they
 * are met, breadth first; only nodes that hold nothing (and errors and boxes) must exist before others are filled.
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
} as const;

/** Stands for what node `[0]` makes. */
export type Reference = readonly [node: number];
