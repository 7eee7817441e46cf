/** A list of names that other data refer to by index. */
export class Names {
  readonly list: string[];
  readonly #indices: Map<string, number>;

  /** @param first names with the first indices */
  constructor(first: readonly string[] = []) {
    this.list = [...first];
    this.#indices = new Map(first.map((name, index) => [name, index]));
  }

  indexOf(name: string): number {
    const known = this.#indices.get(name);
    if (known !== undefined) return known;
    this.#indices.set(name, this.list.length);
    this.list.push(name);
    return this.list.length - 1;
  }
}

/** The names that a report's parts share. */
export interface ReportNames {
  operations: Names;
  /** 0 is "": the line is not known. */
  sites: Names;
  /** 0 is "": outside of phases. */
  phases: Names;
}
