import { clear, type Drawing, drawing, type Parent } from "../parts/dom.ts";
import { explain, type Lines } from "../parts/tooltip.ts";

/** A circle with a short name, or a box if it has lines. */
export interface Node {
  x: number;
  y: number;
  name: string;
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

interface Point {
  x: number;
  y: number;
}

/** Draws nodes, and lines or arrows between them. */
export function drawNetwork(parent: Parent, network: Network): void {
  clear(parent);
  const svg = drawing(parent, network.width, network.height, network.label);
  for (const edge of network.edges) drawEdge(svg, network, edge);
  for (const node of network.nodes) {
    if (node.lines === undefined) drawCircle(svg, node, network.radius);
    else drawBox(svg, node, node.lines);
  }
}

function drawEdge(svg: Drawing, { nodes, radius }: Network, edge: Edge): void {
  const from = nodes[edge.from]!;
  const to = nodes[edge.to]!;
  const bend = { x: (from.x + to.x) / 2 + (to.y - from.y) * edge.bend, y: (from.y + to.y) / 2 - (to.x - from.x) * edge.bend };
  const start = border(from, bend, radius);
  const end = border(to, bend, radius + (edge.directed ? 3 : 0));
  const angle = Math.atan2(end.y - bend.y, end.x - bend.x);
  const head = edge.directed ? 6 + edge.width * 1.6 : 0;
  const tip = { x: end.x - Math.cos(angle) * head * 0.8, y: end.y - Math.sin(angle) * head * 0.8 };
  const group = svg.append("g").attr("class", `edge ${edge.className}`);
  const path = `M${at(start)}Q${at(bend)} ${at(tip)}`;
  group.append("path").attr("class", "line").attr("d", path).attr("stroke-width", edge.width);
  if (edge.directed) {
    const sides = [-0.45, 0.45].map((side) => ({
      x: end.x - Math.cos(angle + side) * head,
      y: end.y - Math.sin(angle + side) * head,
    }));
    group.append("path").attr("class", "head").attr("d", `M${at(end)}L${at(sides[0]!)}L${at(sides[1]!)}Z`);
  }
  explain(group.append("path").attr("class", "target").attr("d", path).attr("stroke-width", edge.width + 10).node()!, edge.explain);
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

function drawCircle(svg: Drawing, { x, y, name, className }: Node, radius: number): void {
  const group = svg.append("g").attr("class", `node ${className ?? ""}`);
  group.append("circle").attr("cx", x).attr("cy", y).attr("r", radius);
  if (radius < 8) return;
  group.append("text").attr("x", x).attr("y", y).attr("dy", "0.35em").attr("text-anchor", "middle").text(name);
}

function drawBox(svg: Drawing, { x, y, name, className }: Node, lines: readonly string[]): void {
  const group = svg.append("g").attr("class", `node ${className ?? ""}`);
  const left = x - box.width / 2;
  const top = y - box.height / 2;
  group.append("rect").attr("x", left).attr("y", top).attr("width", box.width).attr("height", box.height).attr("rx", 4);
  group.append("text").attr("class", "name").attr("x", left + 12).attr("y", top + 19).text(name);
  for (const [index, line] of lines.entries()) {
    const text = group.append("text").attr("class", "line").attr("x", left + 12).attr("y", top + 37 + index * 16);
    text.text(shortened(line, 32));
    if (line.length > 32) text.append("title").text(line);
  }
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
