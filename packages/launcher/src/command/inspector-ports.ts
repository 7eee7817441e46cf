/*
 * Node's debugger listens on one port, 9229 unless `--inspect=PORT` says another; ranks of a host would all want the same. So
 * rank r gets the port r above it, on whichever host it is. Port 0, for any that is free, stays 0.
 */

/** `--inspect`, `--inspect-brk`, `--inspect-wait`, with a host or a port or both. */
const option = /(?<!\S)(--inspect(?:-brk|-wait)?)(?:=(\S*))?(?!\S)/g;
const usualPort = 9229;

/** Options of Node as one rank gets them: one of them, or the text of NODE_OPTIONS. */
export function withPortOf(rank: number, options: string): string {
  return options.replace(option, (_, name: string, address: string | undefined) => {
    const { host, port } = parse(address);
    return `${name}=${host === undefined ? "" : `${host}:`}${port === 0 ? 0 : port + rank}`;
  });
}

/** Where the debugger of each rank listens, as `host:port`; undefined when there is none, or the system chooses the port. */
export function inspectorOf(rank: number, options: readonly string[]): string | undefined {
  const found = options.flatMap((text) => [...text.matchAll(option)]).at(-1);
  if (found === undefined) return undefined;
  const { host = "127.0.0.1", port } = parse(found[2]);
  return port === 0 ? undefined : `${host}:${port + rank}`;
}

function parse(address = ""): { host: string | undefined; port: number } {
  const [, host, port] = /^(?:(.*):)?(\d+)$/.exec(address) ?? [undefined, address || undefined, usualPort];
  return { host: host as string | undefined, port: Number(port) };
}
