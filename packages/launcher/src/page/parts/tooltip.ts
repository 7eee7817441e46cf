import { add, clear, type Parent, parentOf } from "./dom.ts";

/** A line of a tooltip: the first is its title. */
export type Lines = readonly string[];

let shared: Parent | undefined;

/** Shows words beside a place of the window: under it, or above it if asked. There is one tooltip on the page. */
export function showTip(lines: Lines, x: number, y: number, above = false): void {
  const tip = element();
  clear(tip);
  for (const [at, line] of lines.entries()) add(tip, "div", at === 0 ? "title" : "", line);
  tip.classed("shown", true);
  const { width, height } = tip.node()!.getBoundingClientRect();
  const right = x + 14 + width > window.innerWidth - 8;
  const below = y - height - 12 < 8 || (!above && y + 16 + height < window.innerHeight - 8);
  tip.style("left", `${Math.max(8, right ? x - width - 14 : x + 14)}px`);
  tip.style("top", `${below ? y + 16 : Math.max(8, y - height - 12)}px`);
}

export function hideTip(): void {
  element().classed("shown", false);
}

/** Explains an element when the pointer is over it and, if it can have the focus, when it has it. */
export function explain(node: Element, lines: () => Lines): void {
  node.addEventListener("pointermove", (event) => {
    const { clientX, clientY } = event as PointerEvent;
    showTip(lines(), clientX, clientY);
  });
  node.addEventListener("pointerleave", hideTip);
  node.addEventListener("focus", () => {
    const { left, bottom } = node.getBoundingClientRect();
    showTip(lines(), left, bottom - 8);
  });
  node.addEventListener("blur", hideTip);
}

function element(): Parent {
  if (shared === undefined) {
    shared = add(parentOf(document.body), "div", "tooltip").attr("role", "tooltip").attr("id", "tooltip");
    document.addEventListener("keydown", ({ key }) => key === "Escape" && hideTip());
  }
  return shared;
}
