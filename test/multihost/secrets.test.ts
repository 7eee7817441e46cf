import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";
import { until } from "../support/run-tsmpi.ts";

const launcher = new URL("../../packages/launcher/dist/index.js", import.meta.url);

/** A rank that tells what nobody else may know, and waits. */
const gossip = `import { init } from "${launcher}";
  const { parse } = JSON; // what reads the messages of the agent
  JSON.parse = (text) => {
    const message = parse(text);
    const { kind, network } = message;
    if (kind === "welcome") console.log("secret", network.keys?.secretKey ?? network.sealKey);
    return message;
  };
  const world = await init();
  console.log("up");
  await new Promise((resolve) => process.stdin.once("data", resolve).once("end", resolve));
`;

/** Processes that show any of these words to others: in their arguments or in their environment. */
function showing(words: readonly string[]): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ["cmdline", "environ"].map((file) => `/proc/${pid}/${file}`))
    .filter((path) => {
      try {
        const text = readFileSync(path, "latin1");
        return words.some((word) => text.includes(word));
      } catch {
        return false;
      }
    });
}

describe.runIf(multihost.possible)("the keys of a job", () => {
  let hosts: Hosts;
  let job: PbsJob;
  const home = (): string => join(hosts.directory, "home");
  /** Where launchers keep the keys of their agents. */
  const places = (): string[] => readdirSync(home()).filter((name) => name.startsWith(".tsmpi-"));
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a", "b"], "openpbs");
    writeFileSync(join(hosts.directory, "gossip.mjs"), gossip);
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test.each(["", "--no-encrypt"])(
    "of its ranks are in no arguments and no environment, and no other job's: tsmpi run %s",
    async (option) => {
      const secretOf = async (): Promise<string> => {
        const running = job.script(`tsmpi run ${option} gossip.mjs`);
        await running.shows("up", 2);
        const secrets = [...running.stdout.matchAll(/^secret (.*)$/gm)].map(([, secret]) => secret as string);
        expect(secrets).toHaveLength(2);
        expect(new Set(secrets).size).toBe(1);
        expect(secrets[0]?.length).toBeGreaterThanOrEqual(40);
        expect(showing(secrets)).toEqual([]);
        running.child.stdin?.end();
        expect((await running.result).code).toBe(0);
        return secrets[0] as string;
      };
      expect(await secretOf()).not.toBe(await secretOf());
    },
  );

  test("of its agents lie in 0600 files of 0700 directories while agents come in, and are gone afterwards", async () => {
    hosts.cut("b");
    const running = job.script("tsmpi run gossip.mjs");
    try {
      await until(() => places().length === 1, "the key is there");
      const [place = ""] = places();
      const path = join(home(), place, "key");
      await until(() => statSync(path, { throwIfNoEntry: false })?.size === 32, "the key is written");
      const key = readFileSync(path);
      expect(statSync(join(home(), place)).mode & 0o777).toBe(0o700);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(showing(["latin1", "hex", "base64", "base64url"].map((form) => key.toString(form as "hex")))).toEqual([]);
    } finally {
      hosts.mend("b");
    }
    await running.shows("up", 2);
    expect(places()).toEqual([]);
    running.child.stdin?.end();
    expect((await running.result).code).toBe(0);
  });

  test("do not stay when the launcher is killed while its agents come in", async () => {
    hosts.cut("b");
    const running = job.script("tsmpi run gossip.mjs & wait $!");
    try {
      await until(() => places().length === 1, "the key is there");
      hosts.shell("a", "pkill -KILL -f '[t]smpi.js run'");
      await running.result;
      await until(() => places().length === 0, "the key is gone");
    } finally {
      hosts.mend("b");
    }
  });
});
