import { add, clear, type Parent } from "./dom.ts";

/** A column of a {@link SortedTable}. */
export interface Column<Row> {
  title: string;
  /** By which rows are ordered. */
  value(row: Row): number | string;
  /** What is in a cell, if it is not the value itself. */
  text?(row: Row): string;
  /** Draws a cell instead. */
  draw?(cell: Parent, row: Row): void;
  className?: string;
}

/** A table whose rows are ordered by the column that the reader chooses. Long tables begin with their first rows. */
export class SortedTable<Row> {
  readonly #table: Parent;
  readonly #more: Parent;
  readonly #columns: readonly Column<Row>[];
  readonly #shown: number;
  #by: Column<Row>;
  #descending = true;
  #all = false;
  #rows: readonly Row[] = [];

  constructor(parent: Parent, columns: readonly Column<Row>[], by: number, shown = 15) {
    this.#columns = columns;
    this.#by = columns[by]!;
    this.#shown = shown;
    this.#table = add(add(parent, "div", "scroll"), "table", "sorted");
    this.#more = add(parent, "button", "quiet").attr("type", "button");
    this.#more.on("click", () => {
      this.#all = !this.#all;
      this.#render();
    });
    this.#addHead();
    add(this.#table, "tbody");
  }

  update(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#render();
  }

  #addHead(): void {
    const head = add(add(this.#table, "thead"), "tr");
    for (const column of this.#columns) {
      const cell = add(head, "th", column.className ?? "").attr("scope", "col");
      const button = add(cell, "button", "", column.title).attr("type", "button");
      button.on("click", () => {
        const first = this.#rows[0];
        const numbers = first !== undefined && typeof column.value(first) === "number";
        this.#descending = this.#by === column ? !this.#descending : numbers;
        this.#by = column;
        this.#render();
      });
    }
  }

  #render(): void {
    const sign = this.#descending ? -1 : 1;
    const ordered = [...this.#rows].sort((a, b) => sign * compare(this.#by.value(a), this.#by.value(b)));
    const shown = this.#all ? ordered : ordered.slice(0, this.#shown);
    const body = this.#table.select("tbody") as unknown as Parent;
    clear(body);
    for (const row of shown) this.#addRow(add(body, "tr"), row);
    const columns = this.#columns;
    this.#table.selectAll("thead th").attr("aria-sort", (_, at) => {
      if (columns[at] !== this.#by) return "none";
      return this.#descending ? "descending" : "ascending";
    });
    this.#more.attr("hidden", ordered.length > this.#shown ? null : "");
    this.#more.text(this.#all ? "Show fewer" : `Show all ${ordered.length}`);
  }

  #addRow(line: Parent, row: Row): void {
    for (const column of this.#columns) {
      const cell = add(line, "td", column.className ?? "");
      if (column.draw !== undefined) column.draw(cell, row);
      else cell.text(column.text?.(row) ?? String(column.value(row)));
    }
  }
}

function compare(a: number | string, b: number | string): number {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}
