import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hosts, makeHosts, multihost } from "../support/multihost.ts";
import { PbsJob } from "../support/pbs-job.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const ranks = fileURLToPath(new URL("automounter-ranks.ts", import.meta.url));

/**
 * auto/me leads to auto/at-a on host a, and to auto/at-b on host b, as an automounter has it. The repository is at
 * me/tsmpi: were it the home itself, the cache that tsmpi keeps in the home would be files of the checkout.
 */
describe.runIf(multihost.possible)("a home that an automounter has put in another place on each host", () => {
  let hosts: Hosts;
  let job: PbsJob;
  let home: string;
  beforeAll(async () => {
    hosts = await makeHosts(["a", "b"]);
    job = new PbsJob(hosts, ["a", "b"], "openpbs");
    home = `${hosts.directory}/auto/me`;
    for (const name of ["a", "b"]) {
      // Private to the host: on the other one there is no such place.
      const [auto, place] = [`${hosts.directory}/auto`, `${hosts.directory}/auto/at-${name}`];
      const within = `mkdir -p ${place}/tsmpi; mount --bind ${repository} ${place}/tsmpi`;
      const mounts = `mkdir -p ${auto}; mount -t tmpfs none ${auto}; ${within}`;
      hosts.shell(name, `${mounts}; ln -s ${place} ${home}`);
    }
  });
  afterAll(() => {
    job?.end();
    hosts?.remove();
  });

  test("is known by its own name: as directory, in --wdir, as HOME of scripts, and as the place of tsmpi", async () => {
    const tsmpi = `"${process.execPath}" ${home}/tsmpi/packages/launcher/bin/tsmpi.js`;
    const inHome = (line: string): string => `export HOME=${home}; cd ${home}/tsmpi/docs; ${line}`;
    expect(await job.script(inHome(`${tsmpi} exec sh -c 'pwd -P' | sort`)).result).toMatchObject({
      stdout: `${hosts.directory}/auto/at-a/tsmpi/docs\n${hosts.directory}/auto/at-b/tsmpi/docs\n`,
      stderr: "",
    });
    expect((await job.script(inHome(`${tsmpi} exec --wdir ../test sh -c 'pwd -P' | sort`)).result).stdout).toBe(
      `${hosts.directory}/auto/at-a/tsmpi/test\n${hosts.directory}/auto/at-b/tsmpi/test\n`,
    );
    // HOME does not lead there now: the command is where it was started.
    const elsewhere = `export HOME=/; cd ${home}/tsmpi/docs; ${tsmpi} exec sh -c pwd`;
    expect((await job.script(elsewhere).result).stdout).toBe(`${home}/tsmpi/docs\n`.repeat(2));
    const script = inHome(`${tsmpi} run ${home}/tsmpi${ranks.replace(repository, "")} | sort`);
    expect(await job.script(script).result).toMatchObject({ stdout: "0 of 2\n1 of 2\n", stderr: "" });
  });
});
