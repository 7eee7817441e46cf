import { Hosts, obstacle } from "../test/support/hosts.ts";
import { PbsJob } from "../test/support/pbs-job.ts";
import { type Contender, command, mpi4pyRun, outputOf, path } from "./contender.ts";
import { libzmqProgram, type Obstacles } from "./machine.ts";
import type { Place, Work } from "./measure.ts";

const first = { name: "a", address: "10.88.0.1" };
const second = { name: "b", address: "10.88.0.2" };

/** Two hosts as network namespaces of this machine, joined by a bridge: real tcp, without a wire. */
export class TwoHosts implements Place {
  readonly hosts: Hosts;
  readonly job: PbsJob;

  private constructor(hosts: Hosts, slots: number) {
    this.hosts = hosts;
    const lines = [first, second].flatMap(({ name }) => new Array<string>(slots).fill(name));
    this.job = new PbsJob(hosts, lines, "openpbs");
  }

  /** Slots of each host. */
  static async make(slots = 1): Promise<TwoHosts> {
    return new TwoHosts(await Hosts.make([first.name, second.name]), slots);
  }

  /** The output of `tsmpi run`, started on the first host, with a rank on each slot. */
  async run(options: string, script: string): Promise<string> {
    const { code, stdout, stderr } = await this.job.script(`tsmpi run ${options} ${script}`).result;
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr.trim()}`);
    return stdout;
  }

  remove(): void {
    this.job.end();
    this.hosts.remove();
  }

  /** The id of the process that holds a host's namespaces. */
  holder(name: string): string {
    return this.hosts.enter(name)[2] as string;
  }

  /** Only network and name are a host's own; processes and files are this machine's. */
  enter(name: string): string[] {
    return ["nsenter", "-t", this.holder(name), "-n", "-u", "--"];
  }
}

export function acrossHosts(obstacles: Obstacles): Work[] {
  const common = { missing: obstacle, make: () => TwoHosts.make() };
  return [
    {
      ...common,
      name: "across-hosts-encrypted",
      title: "Between two hosts, encrypted",
      contenders: (place) => [
        ours(place as TwoHosts, ""),
        libzmq("libzmq in C, CURVE", place as TwoHosts, "curve", obstacles),
      ],
    },
    {
      ...common,
      name: "across-hosts-clear",
      title: "Between two hosts, in the clear",
      contenders: (place) => [
        ours(place as TwoHosts, "--no-encrypt"),
        libzmq("libzmq in C", place as TwoHosts, "null", obstacles),
        libzmq("libzmq in C, sealed", place as TwoHosts, "sealed", obstacles),
        mpi4py(place as TwoHosts, "point-to-point", obstacles),
      ],
    },
    {
      ...common,
      name: "windows-across-hosts",
      title: "Windows between two hosts, in the clear",
      contenders: (place) => [
        ours(place as TwoHosts, "--no-encrypt", "windows"),
        mpi4py(place as TwoHosts, "windows", obstacles, "--mca", "osc", "pt2pt"),
      ],
    },
  ];
}

function ours(place: TwoHosts, options: string, program = "point-to-point"): Contender {
  return { name: "tsmpi", run: () => place.run(options, `"${path(`ours/${program}.ts`)}"`) };
}

let port = 20_000;

function libzmq(name: string, place: TwoHosts, mechanism: string, obstacles: Obstacles): Contender {
  return {
    name,
    missing: obstacles.libzmq,
    run: async () => {
      port++;
      const endpoints = [first, second].map(({ address }) => `tcp://${address}:${port}`);
      const at = ({ name }: typeof first, role: string): Promise<string> =>
        outputOf([...place.enter(name), libzmqProgram, role, mechanism, ...endpoints]);
      const [output] = await Promise.all([at(first, "first"), at(second, "second")]);
      return output;
    },
  };
}

/** Open MPI starts its daemon on the other host with this stand-in for ssh. */
function mpi4py(place: TwoHosts, program: string, obstacles: Obstacles, ...more: string[]): Contender {
  const ssh = `${path("peers/mpi4py/enter.sh")} ${place.holder(second.name)}`;
  const options = [
    ...["--host", `${first.name}:1,${second.name}:1`, "--mca", "plm_rsh_agent", ssh],
    ...["--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include", "eth0"],
    ...["--mca", "pml", "ob1", "--mca", "btl", "tcp,self"],
    // Each daemon assumes that all cores are its own, and would bind both ranks to the first one.
    ...["--bind-to", "none"],
    ...more,
  ];
  const argv = [...place.enter(first.name), ...mpi4pyRun(2, program, ...options)];
  return command("mpi4py, tcp", argv, obstacles.mpi4py);
}
