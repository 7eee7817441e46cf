import { pathToFileURL } from "node:url";

/** Where this code is. A user's bundle in the format of CommonJS has no `import.meta.url`, but a file name. */
export const ownURL: string = (import.meta.url as string | undefined) ?? pathToFileURL(__filename).href;
