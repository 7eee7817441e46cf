import { hostname } from "node:os";
import { MpiError } from "../calls/errors.ts";
import { ownURL } from "../calls/module-url.ts";
import { firstCopy, version } from "../calls/package-copies.ts";
import type { Communicator } from "../communicators/api/communicator.ts";
import { worldCommunicator } from "../communicators/communicator.ts";
import type { Checking } from "../diagnosis/checking/checking.ts";
import { checkingWanted } from "../diagnosis/checking/wanted.ts";
import { Engine } from "../engine/engine.ts";
import { MemoryNetwork } from "../transports/memory.ts";
import { warnIfStartedWrongly } from "./foreign-launcher.ts";
import { aloneAndWaiting, isLaunched, join } from "./launched-world.ts";
import { watchPromisesUsedAsValues } from "./promise-hook.ts";
import { reportUncaught } from "./uncaught.ts";

let alone = false;
let launched: Promise<Communicator> | undefined;

/**
 * Joins the world: all ranks that `tsmpi run` started, or a world of one when the script was started without it.
 *
 * A second call gives the same world, because under a launcher a process is one rank.
 *
 * ```ts
 * await using world = await init();
 * console.log(`I am rank ${world.rank} in group of ${world.size} processes.`);
 * ```
 * @throws MpiError `launch` when the other ranks cannot be reached.
 */
export function init(): Promise<Communicator> {
  const other = ["bun", "deno"].find((name) => process.versions[name] !== undefined);
  if (other !== undefined)
    return refused(
      `Node.js is needed, and this is ${other} ${process.versions[other]}: start the script with tsmpi run`,
    );
  watchPromisesUsedAsValues();
  const first = firstCopy(thisCopy);
  if (first.version === version) return first.init() as Promise<Communicator>;
  const copies = [thisCopy, first].map((copy) => `${copy.version} from ${copy.file}`).join(" and ");
  return refused(
    `this process has two versions of @tsmpi/core, ${copies}: a process has one world, so install one version for all (npm ls @tsmpi/core)`,
  );
}

function refused(why: string): Promise<never> {
  return Promise.reject(new MpiError("launch", `init(): ${why}`));
}

const thisCopy = { version, file: ownURL, init: initHere };

function initHere(): Promise<Communicator> {
  if (isLaunched()) {
    launched ??= join().then((world) => world ?? aloneInProcess());
    return launched;
  }
  warnIfStartedWrongly();
  return aloneInProcess();
}

async function aloneInProcess(): Promise<Communicator> {
  if (!alone) reportUncaught(0, () => false);
  alone = true;
  return worldOfOne(await checkingWanted());
}

function worldOfOne(checking: Checking | undefined): Communicator {
  const who = { rank: 0, size: 1, host: hostname() };
  const transport = new MemoryNetwork(1).end(0);
  const engine = new Engine(who, transport, checking);
  const stopping = new AbortController();
  const close = async (): Promise<void> => {
    process.off("beforeExit", deadlocked);
    engine.checking?.leftOver();
    await engine.close();
  };
  // The event loop is empty while a call still waits for a message: nothing can wake it.
  const deadlocked = (): void => {
    if (engine.waiting) engine.refuseDeadlock(aloneAndWaiting);
  };
  process.on("beforeExit", deadlocked);
  return worldCommunicator({
    who,
    engine,
    hosts: [who.host],
    program: 0,
    signal: stopping.signal,
    nextContext: 1,
    context: 0,
    members: [0],
    abort: async (code, reason) => {
      stopping.abort(new MpiError("aborted", reason));
      process.stderr.write(`tsmpi: ${reason}\n`);
      process.exit(code);
    },
    close,
  });
}
