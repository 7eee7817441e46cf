import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Names that a browser uses for its own machine, or for the end of an ssh tunnel on it. */
const ownNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * Why a request is refused; undefined if it may see the job. Three things are checked: the token, which only the user has seen; the
 * name by which the server was asked, because a page of another site may let its own name point here (DNS rebinding); and the
 * origin, because pages of other sites may not read this one.
 */
export function refusal(request: IncomingMessage, token: string): string | undefined {
  const { host = "", origin } = request.headers;
  if (request.method !== "GET") return "only GET is answered";
  if (!isOwn(`http://${host}`)) return "this server answers to 127.0.0.1 and localhost alone";
  if (origin !== undefined && !isOwn(origin)) return "pages of other sites may not ask";
  if (!isToken(new URL(request.url ?? "/", "http://localhost").searchParams.get("token"), token))
    return "the token is missing or wrong: use the whole address that tsmpi has printed";
  return undefined;
}

function isOwn(url: string): boolean {
  return URL.canParse(url) && ownNames.has(new URL(url).hostname);
}

function isToken(given: string | null, token: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
