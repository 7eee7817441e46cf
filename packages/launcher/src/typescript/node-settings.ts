/** The user's options of Node about finding modules. The launcher follows them too. */
export interface NodeSettings {
  /** Conditions of package exports, on top of Node's own: `--conditions=development`. */
  readonly conditions: readonly string[];
  readonly preserveSymlinks: boolean;

  /** Whether code is loaded before the script (`--import`, `--require`, `--loader`). It may give names a meaning. */
  readonly hasPreloads: boolean;
}

/** From Node's options on the command line and from the text of NODE_OPTIONS. */
export function nodeSettings(options: readonly string[], variable = ""): NodeSettings {
  const words = [...variable.split(/\s+/).map((word) => word.replace(/^"(.*)"$/, "$1")), ...options];
  const conditions: string[] = [];
  for (const [index, word] of words.entries()) {
    const [, joined] = /^(?:--conditions=|-C=?)(.+)$/.exec(word) ?? [];
    if (joined) conditions.push(joined);
    else if (word === "--conditions" || word === "-C") conditions.push(words[index + 1] ?? "");
  }
  return {
    conditions,
    preserveSymlinks: words.includes("--preserve-symlinks"),
    hasPreloads: words.some(
      (word) => /^(--import|--require|-r|--loader|--experimental-loader)(=|$)/.test(word) && !isOurs(word),
    ),
  };
}

/** The settings of this process. */
export function ownSettings(): NodeSettings {
  return nodeSettings(process.execArgv, process.env["NODE_OPTIONS"]);
}

function isOurs(word: string): boolean {
  return /\/(typescript\/(preload|register)\.js|rank-output\.cjs)/.test(word);
}
