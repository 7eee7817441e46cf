import { clear, type Drawing, drawing, type Parent, shape } from "../parts/dom.ts";
import { explain, type Lines } from "../parts/tooltip.ts";

/** A circle with a short name, or a box if it has lines. */
export interface Node {
  x: number;
  y: number;
  name: string;
  /** Where the name is, if the circle is too small for it. */
  label?: { x: number; y: number } | undefined;
  /** A point where a line ends, and nothing is drawn. */
  hidden?: boolean;
  lines?: readonly string[];
  className?: string;
}

export interface Edge {
  from: number;
  to: number;
  width: number;
  className: string;
  /** How far it is bent to its left, as a part of its length. */
  bend: number;
  directed: boolean;
  explain(): Lines;
}

export interface Network {
  label: string;
  width: number;
  height: number;
  radius: number;
  nodes: readonly Node[];
  edges: readonly Edge[];
}

export const box: { readonly width: number; readonly height: number } = { width: 232, height: 64 };

/** A circle of that radius has room for a name. */
export const leastWithName = 9;
/** Letters of a line that fit into a box. */
const mostLetters = 32;

interface Point {
  x: number;
  y: number;
}

/** Draws nodes, and lines or arrows between them. */
export function drawNetwork(parent: Parent, network: Network): void {
  clear(parent);
  const svg = drawing(parent, network.width, network.height, network.label);
  for (const edge of network.edges) drawEdge(svg, network, edge);
  for (const node of network.nodes.filter(({ hidden }) => !hidden)) {
    if (node.lines === undefined) drawCircle(svg, node, network.radius);
    else drawBox(svg, node, node.lines);
  }
}

function drawEdge(svg: Drawing, { nodes, radius }: Network, edge: Edge): void {
  const { bend, width, directed, className } = edge;
  const from = nodes[edge.from]!;
  const to = nodes[edge.to]!;
  const middle = {
    x: (from.x + to.x) / 2 + (to.y - from.y) * bend,
    y: (from.y + to.y) / 2 - (to.x - from.x) * bend,
  };
  const start = border(from, middle, radius);
  const end = border(to, middle, to.hidden ? 0 : radius + (directed ? 3 : 0));
  const angle = Math.atan2(end.y - middle.y, end.x - middle.x);
  const head = directed ? 6 + width * 1.6 : 0;
  const group = shape(svg, "g", { class: `edge ${className}` });
  const path = `M${at(start)}Q${at(middle)} ${at(behind(end, angle, head * 0.8))}`;
  shape(group, "path", { class: "line", d: path, "stroke-width": width });
  if (directed) {
    const [left, right] = [behind(end, angle - 0.45, head), behind(end, angle + 0.45, head)];
    shape(group, "path", { class: "head", d: `M${at(end)}L${at(left)}L${at(right)}Z` });
  }
  explain(shape(group, "path", { class: "target", d: path, "stroke-width": width + 10 }).node()!, edge.explain);
}

function behind({ x, y }: Point, angle: number, distance: number): Point {
  return { x: x - Math.cos(angle) * distance, y: y - Math.sin(angle) * distance };
}

/** Where a line from a node's middle to a point leaves the node. */
function border(node: Node, to: Point, radius: number): Point {
  const x = to.x - node.x;
  const y = to.y - node.y;
  const length = Math.hypot(x, y) || 1;
  if (node.lines === undefined) return { x: node.x + (x / length) * radius, y: node.y + (y / length) * radius };
  const part = Math.min((box.width / 2 + 4) / (Math.abs(x) || 1e-9), (box.height / 2 + 4) / (Math.abs(y) || 1e-9));
  return { x: node.x + x * part, y: node.y + y * part };
}

function drawCircle(svg: Drawing, { x, y, name, label, className }: Node, radius: number): void {
  const group = shape(svg, "g", { class: `node ${className ?? ""}` });
  shape(group, "circle", { cx: x, cy: y, r: radius });
  const place = radius >= leastWithName ? { x, y } : label;
  if (place !== undefined) shape(group, "text", { ...place, dy: "0.35em", "text-anchor": "middle" }).text(name);
}

function drawBox(svg: Drawing, { x, y, name, className }: Node, lines: readonly string[]): void {
  const group = shape(svg, "g", { class: `node ${className ?? ""}` });
  const left = x - box.width / 2;
  const top = y - box.height / 2;
  shape(group, "rect", { x: left, y: top, ...box, rx: 4 });
  shape(group, "text", { class: "name", x: left + 12, y: top + 19 }).text(name);
  for (const [index, line] of lines.entries()) {
    const text = shape(group, "text", { class: "line", x: left + 12, y: top + 37 + index * 16 });
    // The end of a path says more than its beginning.
    text.text(index === 0 ? shortened(line) : shortenedPath(line));
    if (line.length > mostLetters) text.append("title").text(line);
  }
}

function shortened(text: string): string {
  return text.length <= mostLetters ? text : `${text.slice(0, mostLetters - 1)}…`;
}

function shortenedPath(text: string): string {
  return text.length <= mostLetters ? text : `…${text.slice(1 - mostLetters)}`;
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
