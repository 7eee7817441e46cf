import { expect, test } from "vitest";

/** A line of shell that runs as a job script. */
export interface ScriptRun {
  /** Resolves when stdout has this in it so many times. */
  shows(text: string, times?: number): Promise<void>;
  readonly result: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/**
 * A job of a scheduler, real or a stand-in, in which the cases below run. The scheduler has to start processes on other hosts,
 * and whatever it does to them, ranks must not see it.
 */
export interface Site {
  /** The host of each slot, in the order of ranks. At least three hosts; the first is the job script's. */
  readonly slots: readonly string[];
  /** A directory that all hosts have; scripts begin there. */
  readonly directory: string;
  /** Variables that differ from host to host, and what each has there. */
  readonly ofHost: Readonly<Record<string, (host: string, index: number) => string>>;
  /** Runs a line of shell as the job script. `tsmpi` is the command there. */
  script(line: string): ScriptRun;
  /** Writes a file into the directory. */
  write(name: string, text: string): Promise<void> | void;
  /** Runs a line of shell on a host, as root or as the user. */
  on(host: string, line: string): Promise<string> | string;
  /** Processes that the job has on all hosts, as text. */
  processes(): Promise<string[]> | string[];
  /** Ends the job as a user of the scheduler does (qdel, scancel). */
  terminate(): Promise<void> | void;
}

/** One promise that holds under every scheduler. */
interface Case {
  title: string;
  run(site: Site): Promise<void>;
}

const library = new URL("../../packages/launcher/dist/index.js", import.meta.url);

/** `slots` by host: for expectations that name each once. */
const hostsOf = ({ slots }: Site): string[] => [...new Set(slots)];

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Waits until no process of the job is left on any host. */
async function nothingLeft(site: Site): Promise<void> {
  let left: string[] = [];
  const deadline = performance.now() + 20_000;
  do {
    left = await site.processes();
    if (left.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() < deadline);
  throw new Error(`still there: ${left.join("\n")}`);
}

/** A program whose ranks say that they are up, and then work without end. */
const work = `import { init } from "${library}";
  const world = await init();
  await world.barrier();
  console.log("up");
  await new Promise((resolve) => setTimeout(resolve, 1e6));`;

/** The suite that every scheduler passes. A new scheduler gives a {@link Site} and calls {@link schedulerContract}. */
export const contract: readonly Case[] = [
  {
    title: "runs a rank on each slot, in order",
    async run(site) {
      const { stdout, stderr, code } = await site.script("tsmpi exec --tag-output hostname | sort").result;
      const lines = site.slots.map((host, rank) => `[${rank}] ${host}\n`);
      expect({ stdout, stderr, code }).toEqual({ stdout: lines.join(""), stderr: "", code: 0 });
    },
  },
  {
    title: "gives ranks the environment, directory, umask and limits of the script, and arguments as they are",
    async run(site) {
      const setUp = "export FROM_SCRIPT='a b\n$c'; umask 027; ulimit -c 0; mkdir -p work; cd work;";
      const show = `echo "$TSMPI_RANK|$FROM_SCRIPT|$1|$(pwd)|$(umask)|$(ulimit -c)" | tr "\\n" " "; echo`;
      const { stdout } = await site.script(`${setUp} tsmpi exec sh -c ${quoted(show)} sh 'x  "y" $z' | sort`).result;
      const each = (_: string, rank: number): string => `${rank}|a b $c|x  "y" $z|${site.directory}/work|0027|0 \n`;
      expect(stdout).toBe(site.slots.map(each).join(""));
    },
  },
  {
    title: "leaves each host what is its own, unless the user has chosen it",
    async run(site) {
      const names = Object.keys(site.ofHost);
      const show = `sh -c 'echo $(hostname) ${names.map((name) => `$${name}`).join(" ")}' | sort -u`;
      const { stdout } = await site.script(`tsmpi exec ${show}`).result;
      const own = hostsOf(site).map((host, index) =>
        [host, ...names.map((name) => site.ofHost[name]!(host, index))].join(" "),
      );
      expect(stdout).toBe(own.map((line) => `${line}\n`).join(""));
      const given = await site.script(`tsmpi exec ${names.map((name) => `--env ${name}=mine`).join(" ")} ${show}`)
        .result;
      expect(given.stdout).toBe(
        hostsOf(site)
          .map((host) => `${host}${" mine".repeat(names.length)}\n`)
          .join(""),
      );
    },
  },
  {
    title: "brings all output back, in whole lines",
    async run(site) {
      const write = `const line = (process.env.TSMPI_RANK + " ").repeat(50) + "\\n"; for (let i = 0; i < 20; i++) process.stdout.write(line.repeat(1000)); process.stdout.write("end");`;
      await site.write("write.mjs", write);
      const { stdout } = await site.script(
        "tsmpi run write.mjs > out; grep -v end out | sort | uniq -c | tr -s ' '; grep -o end out | wc -l",
      ).result;
      const each = (_: string, rank: number): string => ` 20000 ${`${rank} `.repeat(50)}\n`;
      expect(stdout).toBe(`${site.slots.map(each).join("")}${site.slots.length}\n`);
    },
  },
  {
    title: "passes on input and exit codes",
    async run(site) {
      const shout = await site.script("echo hello | tsmpi exec -n 2 sh -c 'tr a-z A-Z'").result;
      expect(shout.stdout).toBe("HELLO\n");
      const last = site.slots.length - 1;
      const { code, stderr } = await site.script(`tsmpi exec sh -c 'test $TSMPI_RANK != ${last} || exit 7; sleep 100'`)
        .result;
      expect(code).toBe(7);
      const host = site.slots[last];
      expect(stderr).toMatch(
        new RegExp(`rank ${last} of ${site.slots.length} on ${host} \\(pid \\d+\\) ended with exit code 7`),
      );
      await nothingLeft(site);
    },
  },
  {
    title: "tells each rank once when the scheduler ends the job, and when tsmpi gets the signal",
    async run(site) {
      await site.write(
        "count.mjs",
        `import { init } from "${library}";
        const world = await init();
        let times = 0;
        process.on("SIGTERM", () => {
          if (times++ === 0) setTimeout(() => (console.log("told", times), process.exit()), 1500);
        });
        setInterval(() => {}, 1000);
        console.log("up");`,
      );
      const first = site.slots[0]!;
      const toLauncher = () => site.on(first, "pkill -TERM -f '[t]smpi.js run'");
      for (const end of [toLauncher, () => site.terminate()]) {
        const running = site.script("trap : TERM; tsmpi run count.mjs");
        await running.shows("up", site.slots.length);
        await end();
        const { stdout } = await running.result;
        expect(stdout.match(/told .*/g), stdout).toEqual(site.slots.map(() => "told 1"));
      }
      await nothingLeft(site);
    },
  },
  {
    title: "leaves nothing on any host when the launcher is killed",
    async run(site) {
      await site.write("work.mjs", work);
      const running = site.script("tsmpi run work.mjs & wait $!");
      await running.shows("up", site.slots.length);
      await site.on(site.slots[0]!, "pkill -KILL -f '[t]smpi.js run'");
      expect((await running.result).code).toBe(137);
      await nothingLeft(site);
    },
  },
  {
    title: "names the host whose agent is killed, and leaves nothing on any other",
    async run(site) {
      await site.write("work.mjs", work);
      const host = hostsOf(site)[1]!;
      const running = site.script("tsmpi run work.mjs");
      await running.shows("up", site.slots.length);
      await site.on(host, "pkill -KILL -f '[a]gent-main.js'");
      const { code, stderr } = await running.result;
      expect(stderr).toMatch(
        new RegExp(`^tsmpi: host ${host} was lost: the connection was closed there; stopping`, "m"),
      );
      expect(code).toBe(125);
      await nothingLeft(site);
    },
  },
];

/** Declares a test for each case. `site` is asked when a test runs. */
export function schedulerContract(site: () => Site): void {
  test.each(contract.map((each) => [each.title, each] as const))("%s", (_, { run }) => run(site()));
}
