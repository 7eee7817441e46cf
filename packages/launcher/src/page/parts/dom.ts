import { type Selection, select } from "d3-selection";

/** An HTML element to which parts are appended. */
export type Parent = Selection<HTMLElement, unknown, null, undefined>;

/** An SVG element to which shapes are appended. */
export type Drawing = Selection<SVGElement, unknown, null, undefined>;

/** Appends an element, with a class and a text. */
export function add(parent: Parent, tag: string, className = "", text = ""): Parent {
  const added = parent.append(tag) as unknown as Parent;
  if (className !== "") added.attr("class", className);
  if (text !== "") added.text(text);
  return added;
}

/** Removes what is within an element. */
export function clear(parent: Parent | Drawing): void {
  parent.node()?.replaceChildren();
}

/** Says why there is no chart in this place. */
export function nothing(parent: Parent, why: string): void {
  clear(parent);
  add(parent, "p", "nothing", `Nothing to show: ${why}`);
}

/** Appends a drawing of a size in CSS pixels, which shrinks with its column. `label` is read out instead of it. */
export function drawing(parent: Parent, width: number, height: number, label: string): Drawing {
  return parent
    .append("svg")
    .attr("viewBox", `0 0 ${width} ${height}`)
    .attr("width", width)
    .attr("height", height)
    .attr("role", "img")
    .attr("aria-label", label) as unknown as Drawing;
}

/** Appends a shape with its attributes. */
export function shape(drawing: Drawing, tag: string, attributes: Record<string, string | number>): Drawing {
  const added = drawing.append(tag);
  for (const [name, value] of Object.entries(attributes)) added.attr(name, value);
  return added as unknown as Drawing;
}

/** Appends an axis of d3, moved to where it belongs. */
export function addAxis(drawing: Drawing, className: string, x: number, y: number, axis: unknown): void {
  const group = shape(drawing, "g", { class: className, transform: `translate(${x},${y})` });
  group.call(axis as (selection: Drawing) => void);
}

/** Appends a canvas with as many device pixels as it needs to be sharp, and gives its context in CSS pixels. */
export function canvas(
  parent: Parent,
  width: number,
  height: number,
  label: string,
): { node: HTMLCanvasElement; context: CanvasRenderingContext2D } {
  const node = parent.append("canvas").attr("role", "img").attr("aria-label", label).node()!;
  return { node, context: sized(node, width, height) };
}

/** Sizes a canvas anew. Twice the pixels at least: it may be printed. */
export function sized(node: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = Math.max(2, globalThis.devicePixelRatio);
  node.width = Math.round(width * ratio);
  node.height = Math.round(height * ratio);
  node.style.width = `${width}px`;
  node.style.height = "auto"; // where the page is narrower, as on paper, the canvas shrinks as a whole
  const context = node.getContext("2d")!;
  context.scale(ratio, ratio);
  return context;
}

/** A group of buttons of which one is pressed. */
export function choice<T extends string>(
  parent: Parent,
  label: string,
  options: readonly T[],
  chosen: T,
  changed: (option: T) => void,
): void {
  const group = add(parent, "div", "choice").attr("role", "group").attr("aria-label", label);
  for (const option of options) {
    const button = add(group, "button", "", option).attr("type", "button");
    button.attr("aria-pressed", String(option === chosen)).on("click", () => {
      group.selectAll("button").attr("aria-pressed", "false");
      button.attr("aria-pressed", "true");
      changed(option);
    });
  }
}

/** The figures of a chart as a table, which is made when the reader opens it. */
export class Alternative {
  readonly #details: HTMLDetailsElement;
  readonly #body: Parent;
  #fill: (body: Parent) => void = () => undefined;

  constructor(parent: Parent, title = "As a table") {
    const details = add(parent, "details", "alternative");
    add(details, "summary", "", title);
    this.#body = add(details, "div", "scroll");
    this.#details = details.node() as HTMLDetailsElement;
    details.on("toggle", () => this.#show());
  }

  /** Without a fill there is nothing to open. */
  update(fill?: (body: Parent) => void): void {
    this.#details.hidden = fill === undefined;
    this.#fill = fill ?? (() => undefined);
    this.#show();
  }

  #show(): void {
    if (!this.#details.open) return;
    const node = this.#body.node()!;
    const { scrollTop } = node;
    clear(this.#body);
    this.#fill(this.#body);
    node.scrollTop = scrollTop;
  }
}

/** A table of texts; all columns but the first are aligned to the right if `numbers`. */
export function plainTable(
  parent: Parent,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  numbers = true,
): Parent {
  const table = add(parent, "table", numbers ? "numbers" : "texts");
  const head = add(add(table, "thead"), "tr");
  for (const title of titles) add(head, "th", "", title).attr("scope", "col");
  const body = add(table, "tbody");
  for (const row of rows) {
    const line = add(body, "tr");
    for (const [at, text] of row.entries()) {
      const cell = add(line, at === 0 ? "th" : "td", "", text);
      if (at === 0) cell.attr("scope", "row");
    }
  }
  return table;
}

/**
 * Shows a list whose entries stay in the page while their data changes, so that what the reader has opened stays open.
 * `create` builds an entry, and returns what draws its data.
 */
export class Entries<Item> {
  readonly #parent: Parent;
  readonly #create: (parent: Parent) => (item: Item) => void;
  readonly #entries: { node: Parent; update(item: Item): void }[] = [];

  constructor(parent: Parent, create: (parent: Parent) => (item: Item) => void) {
    this.#parent = parent;
    this.#create = create;
  }

  update(items: readonly Item[]): void {
    for (const [at, item] of items.entries()) {
      if (this.#entries[at] === undefined) {
        const node = add(this.#parent, "div");
        this.#entries.push({ node, update: this.#create(node) });
      }
      this.#entries[at]!.update(item);
    }
    for (const { node } of this.#entries.splice(items.length)) node.remove();
  }
}

/** Explains colours: each with its name. A class of the swatch is its colour. */
export function legend(parent: Parent, entries: readonly (readonly [className: string, text: string])[]): Parent {
  const list = add(parent, "ul", "legend");
  for (const [className, text] of entries) {
    const entry = add(list, "li");
    add(entry, "span", `swatch ${className}`).attr("aria-hidden", "true");
    add(entry, "span", "", text);
  }
  return list;
}

/** Width that an element's content can have now. */
export function widthOf(parent: Parent): number {
  return Math.max(320, Math.floor(parent.node()?.getBoundingClientRect().width ?? 0));
}

/** The element as a parent of parts. */
export function parentOf(node: HTMLElement): Parent {
  return select(node) as unknown as Parent;
}

/** The outline of a line through points. */
export function pathOf(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
}
