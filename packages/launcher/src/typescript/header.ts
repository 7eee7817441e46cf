import { builtFile } from "../system/package-files.ts";

/** The line that is added before a file's code. Its names do not occur in the code. */
export class Header {
  readonly #code: string;
  readonly #imports = new Set<string>();
  readonly #body = new Map<string, string>();

  constructor(code: string) {
    this.#code = code;
  }

  /** Imports one of the files of this folder, for its side effects. */
  imports(file: string): void {
    this.#imports.add(`import ${JSON.stringify(builtFile(`typescript/${file}`).href)};`);
  }

  /** Declares a function, once. Returns its name, which is as long as `name`. */
  defines(name: string, rest: string): string {
    const unused = this.#unused(name);
    this.#body.set(unused, `function ${unused}${rest}`);
    return unused;
  }

  states(statement: string): void {
    this.#body.set(statement, statement);
  }

  toString(): string {
    return [...this.#imports, ...this.#body.values()].join(" ");
  }

  #unused(name: string): string {
    let free = name;
    for (let letter = 0x61; this.#code.includes(free) && letter <= 0x7a; letter++) {
      free = String.fromCharCode(letter) + name.slice(1);
    }
    return free;
  }
}
