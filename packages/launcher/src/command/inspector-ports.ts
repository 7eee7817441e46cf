/*
 * Node's debugger listens on port 9229, or on the port of `--inspect=PORT`. Ranks of a host would all use the same one. So rank
 * r gets the port r above it, on every host. Port 0 (any free port) stays 0.
 */

/** `--inspect`, `--inspect-brk`, `--inspect-wait`, with a host or a port or both. */
const option = /(?<!\S)(--inspect(?:-brk|-wait)?)(?:=(\S*))?(?!\S)/g;
const usualPort = 9229;

/** An option of Node, or the text of NODE_OPTIONS, with the port of a rank. */
export function withPortOf(rank: number, options: string): string {
  return options.replace(option, (_, name: string, address: string | undefined) => {
    const { host, port } = parse(address);
    return `${name}=${host === undefined ? "" : `${host}:`}${port === 0 ? 0 : port + rank}`;
  });
}

/** The address of a rank's debugger, as `host:port`; undefined if there is none, or the system chooses the port. */
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
