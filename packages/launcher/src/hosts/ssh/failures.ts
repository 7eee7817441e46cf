import type { Host } from "../host.ts";
import type { CommandEnd, Explanation } from "../starter.ts";

/** ssh ends with the exit code of the remote command, or with this one when it failed itself. */
const ownFailure = 255;

/** What OpenSSH prints, what that means, and what to do. The first that matches is meant. */
const failures: readonly { printed: RegExp; cause: (login: string) => string }[] = [
  {
    printed: /Could not resolve hostname/i,
    cause: () => "no host of that name is known: look for a slip in the name, or add it to ~/.ssh/config",
  },
  {
    printed: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    cause: () =>
      "its host key is not the one that ssh knows: ask the administrator whether the host was installed anew",
  },
  {
    printed: /Host key verification failed|No .* host key is known/i,
    cause: () => "its host key is not known yet: log in once by hand, and say yes when ssh shows the key",
  },
  {
    printed: /Permission denied|Too many authentication failures/i,
    cause: (login) =>
      `ssh wants a password, or the host does not know your key: ssh-copy-id ${login} puts it there, and ssh-add lets the agent have it`,
  },
  { printed: /Connection refused/i, cause: () => "no sshd listens there" },
  {
    printed: /No route to host|Network is unreachable/i,
    cause: () => "there is no network to it, or it is switched off",
  },
  { printed: /timed out/i, cause: () => "it does not answer: it is switched off, or a firewall is between" },
];

/** What sshd does with more logins at once than its MaxStartups lets in. */
const refusals = /kex_exchange_identification|Connection (closed|reset) by (peer|remote host|\S+ port)/;

export function isRefusal({ code, printed }: CommandEnd): boolean {
  return code === ownFailure && refusals.test(printed);
}

export function explain(host: Host, end: CommandEnd): Explanation {
  const { code, signal, printed } = end;
  if (code !== ownFailure) return signal === null && code !== null ? remoteEnd(code, printed) : {};
  const found = isRefusal(end)
    ? "its sshd lets in no more logins at the moment (MaxStartups), or forbids them"
    : failures.find((each) => each.printed.test(printed))?.cause(login(host));
  return { cause: `${found ?? "ssh failed"}; try: ${tryIt(host)}` };
}

/** Exit codes below 3 are those of an agent that crashed, or of a login shell that is none, such as nologin. */
function remoteEnd(code: number, printed: string): Explanation {
  if (code > 2) return { agentExit: code };
  const words = printed.trim().split("\n")[0];
  return { cause: `what was started there ended with ${code}${words === "" ? "" : `: ${words}`}` };
}

/** The command that shows the user the same failure. */
export function tryIt(host: Host): string {
  return `ssh ${login(host)} true`;
}

function login({ name, user }: Host): string {
  return user === undefined ? name : `${user}@${name}`;
}
