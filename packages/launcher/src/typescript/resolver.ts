import { resolve } from "./resolve.ts";

/** `import.meta.resolve` of the file `parent`: like Node's, it does not mind when a file is absent. */
export function resolver(parent: string): (specifier: string) => string {
  return (specifier) => {
    try {
      return resolve(specifier, parent).url;
    } catch (error) {
      if (/^(\.{0,2}\/|file:)/.test(specifier)) return new URL(specifier, parent).href;
      throw error;
    }
  };
}
