import { add, canvas, nothing, type Parent, sized } from "../parts/dom.ts";
import { colour, heat, onHeat, onTheme } from "../parts/theme.ts";
import { hideTip, type Lines, showTip } from "../parts/tooltip.ts";

/** What a {@link Matrix} draws. */
export interface MatrixFigures {
  /** Of the rows and the columns. */
  names: readonly string[];
  rowTitle: string;
  columnTitle: string;
  /** `[row, column, value]`, values above 0 only. */
  cells: readonly (readonly [number, number, number])[];
  scale: "linear" | "logarithmic";
  write(value: number): string;
  /** Explains a cell; `value` is 0 where there is nothing. */
  explain(row: number, column: number, value: number): Lines;
  /** Why there is no cell. */
  empty: string;
}

interface Layout {
  left: number;
  top: number;
  cell: number;
  width: number;
  height: number;
}

const largest = 480;
const largestCell = 44;
/** Cells of this size have their number printed in them. */
const cellWithNumber = 40;
const legendHeight = 52;

/** A heat map of pairs. On a canvas: 256 ranks are 65,536 cells. */
export class Matrix {
  readonly #node: HTMLCanvasElement;
  readonly #none: Parent;
  #context: CanvasRenderingContext2D;
  #figures: MatrixFigures | undefined;
  #values = new Map<number, number>();
  #layout: Layout = { left: 0, top: 0, cell: 1, width: 0, height: 0 };

  constructor(parent: Parent, label: string) {
    this.#none = add(parent, "div");
    const { node, context } = canvas(parent, 10, 10, label);
    this.#node = node;
    this.#context = context;
    node.className = "matrix";
    node.addEventListener("pointermove", (event) => this.#point(event));
    node.addEventListener("pointerleave", hideTip);
    onTheme(() => this.#draw());
  }

  update(figures: MatrixFigures): void {
    this.#figures = figures;
    const isEmpty = figures.cells.length === 0;
    this.#node.hidden = isEmpty;
    this.#none.attr("hidden", isEmpty ? null : "");
    if (isEmpty) {
      nothing(this.#none, figures.empty);
      return;
    }
    const size = figures.names.length;
    this.#values = new Map(figures.cells.map(([row, column, value]) => [row * size + column, value]));
    this.#layout = layoutOf(figures);
    this.#context = sized(this.#node, this.#layout.width, this.#layout.height);
    this.#draw();
  }

  #draw(): void {
    const figures = this.#figures;
    if (figures === undefined || this.#node.hidden) return;
    const { left, top, cell, width, height } = this.#layout;
    const size = figures.names.length;
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    context.fillStyle = colour("wash");
    context.fillRect(left, top, cell * size, cell * size);
    const share = scaleOf(figures);
    const gap = cell > 6 ? 1 : 0;
    context.font = fontOf(10.5);
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [row, column, value] of figures.cells) {
      const part = share(value);
      context.fillStyle = heat(part);
      context.fillRect(left + column * cell, top + row * cell, cell - gap, cell - gap);
      if (cell < cellWithNumber) continue;
      context.fillStyle = onHeat(part);
      const [number, unit] = figures.write(value).split(" ");
      const x = left + (column + 0.5) * cell - 0.5;
      const y = top + (row + 0.5) * cell;
      context.fillText(number!, x, unit === undefined ? y : y - 6);
      if (unit !== undefined) context.fillText(unit, x, y + 7);
    }
    this.#drawNames(figures);
    this.#drawLegend(figures, share);
  }

  #drawNames({ names, rowTitle, columnTitle }: MatrixFigures): void {
    const { left, top, cell } = this.#layout;
    const context = this.#context;
    const every = stepOf(cell);
    context.font = fontOf(11);
    context.fillStyle = colour("soft");
    context.textBaseline = "middle";
    const slanted = isSlanted(names);
    for (let i = 0; i < names.length; i += every) {
      context.textAlign = "right";
      context.fillText(names[i]!, left - 6, top + (i + 0.5) * cell);
      context.save();
      context.translate(left + (i + 0.5) * cell, top - 8);
      if (slanted) context.rotate(-Math.PI / 4);
      context.textAlign = slanted ? "left" : "center";
      context.fillText(names[i]!, 0, 0);
      context.restore();
    }
    context.font = fontOf(11, 600);
    context.textAlign = "left";
    context.fillText(`${columnTitle} →`, left, 9);
    context.save();
    context.translate(9, top);
    context.rotate(-Math.PI / 2);
    context.textAlign = "right";
    context.fillText(`← ${rowTitle}`, 0, 0);
    context.restore();
  }

  #drawLegend({ write, cells, scale }: MatrixFigures, share: (value: number) => number): void {
    const { left, height } = this.#layout;
    const context = this.#context;
    const y = height - 30;
    const width = 220;
    for (let x = 0; x < width; x++) {
      context.fillStyle = heat(x / (width - 1));
      context.fillRect(left + x, y, 1.5, 10);
    }
    const values = cells.map(([, , value]) => value);
    const most = Math.max(...values);
    const least = scale === "linear" ? 0 : Math.min(...values);
    const middle = scale === "linear" ? most / 2 : Math.sqrt(least * most);
    context.font = fontOf(11);
    context.fillStyle = colour("soft");
    context.textBaseline = "top";
    context.textAlign = "center";
    const marks = least === most ? [most] : [least, middle, most];
    for (const value of marks) {
      const x = left + share(value) * width;
      context.fillRect(x - 0.5, y + 10, 1, 4);
      context.textAlign = value === most ? "right" : value === least ? "left" : "center";
      context.fillText(write(value), Math.min(left + width, x), y + 17);
    }
    context.textAlign = "left";
    context.fillText(scale === "linear" ? "linear scale" : "log scale", left + width + 10, y - 1);
  }

  #point({ offsetX, offsetY, clientX, clientY }: PointerEvent): void {
    const figures = this.#figures;
    if (figures === undefined) return;
    const { left, top, cell, width } = this.#layout;
    const size = figures.names.length;
    const scale = width / this.#node.clientWidth;
    const row = Math.floor((offsetY * scale - top) / cell);
    const column = Math.floor((offsetX * scale - left) / cell);
    if (row < 0 || column < 0 || row >= size || column >= size) {
      hideTip();
      return;
    }
    showTip(figures.explain(row, column, this.#values.get(row * size + column) ?? 0), clientX, clientY);
  }
}

function layoutOf({ names }: MatrixFigures): Layout {
  const size = Math.max(1, names.length);
  const fitting = largest / size;
  const cell = Math.min(largestCell, fitting >= 1 ? Math.floor(fitting) : fitting);
  const longest = Math.max(...names.map((each) => each.length), 1);
  const left = 30 + longest * 6.5;
  const top = isSlanted(names) ? 34 + longest * 4.6 : 36;
  const slack = isSlanted(names) ? longest * 4.6 : 12;
  return {
    left,
    top,
    cell,
    width: Math.max(left + cell * size + slack, left + 310),
    height: top + cell * size + legendHeight,
  };
}

/** Long names of columns would overlap. */
function isSlanted(names: readonly string[]): boolean {
  return names.some((each) => each.length > 4);
}

/** Every how many rows there is room for a name. */
function stepOf(cell: number): number {
  return [1, 2, 4, 8, 16, 32, 64, 128].find((step) => step * cell >= 17) ?? 256;
}

/** The place of a value on the colour scale, from 0 to 1. */
function scaleOf({ cells, scale }: MatrixFigures): (value: number) => number {
  const values = cells.map(([, , value]) => value);
  const most = Math.max(...values);
  if (scale === "linear") return (value) => value / most;
  const least = Math.min(...values);
  if (least === most) return () => 1;
  return (value) => Math.log(value / least) / Math.log(most / least);
}

function fontOf(size: number, weight = 400): string {
  return `${weight} ${size}px system-ui, sans-serif`;
}
