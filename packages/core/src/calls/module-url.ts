import { pathToFileURL } from "node:url";

/** The URL of this code. A user's bundle in CommonJS format has no `import.meta.url`, only a file name. */
export const ownURL: string = (import.meta.url as string | undefined) ?? pathToFileURL(__filename).href;
