import { describe, expect, it } from "vitest";
import { inOurWords } from "../../../../packages/launcher/src/command/foreign-options.ts";

/** A command line without `tsmpi`, in our words. */
const ours = (line: string): string => inOurWords(line.split(" ")).join(" ");

describe("options of other launchers", () => {
  it.each([
    ["run -np 4 x.ts", "run --np 4 x.ts"],
    ["run -np4 x.ts", "run --np 4 x.ts"],
    ["run -np=4 x.ts", "run --np 4 x.ts"],
    ["run -n4 x.ts", "run -n 4 x.ts"],
    ["run -n=4 x.ts", "run -n 4 x.ts"],
    ["run --n 4 x.ts", "run --np 4 x.ts"],
    ["run --ntasks=4 x.ts", "run --np 4 x.ts"],
    ["run -H a:2,b:2 x.ts", "run --hosts a:2,b:2 x.ts"],
    ["run -host a,b x.ts", "run --hosts a,b x.ts"],
    ["run --host=a,b x.ts", "run --hosts a,b x.ts"],
    ["run -hosts a,b x.ts", "run --hosts a,b x.ts"],
    ["run -f mine x.ts", "run --hostfile mine x.ts"],
    ["run -machinefile mine x.ts", "run --hostfile mine x.ts"],
    ["run --machinefile mine x.ts", "run --hostfile mine x.ts"],
    ["run -hostfile mine x.ts", "run --hostfile mine x.ts"],
    ["run -x A -x B=1=2 x.ts", "run --env A --env B=1=2 x.ts"],
    ["run -genv A 1 x.ts", "run --env A=1 x.ts"],
    ["run -genv A=1 x.ts", "run --env A=1 x.ts"],
    ["run -env A 1 --env B x.ts", "run --env A=1 --env B x.ts"],
    ["run -genvlist A,B x.ts", "run --env A --env B x.ts"],
    ["run --export=ALL,A=1 x.ts", "run --env A=1 x.ts"],
    ["run -wd /tmp -wdir /tmp --wdir /tmp x.ts", "run --wdir /tmp --wdir /tmp --wdir /tmp x.ts"],
    ["run -tag-output -l -display-map -v x.ts", "run --tag-output= --tag-output= --display-map --verbose x.ts"],
    ["run -output-filename out -timeout 5 x.ts", "run --output-dir out --timeout 5 x.ts"],
    ["run --tag-output x.ts -tag-output=host", "run --tag-output= x.ts -tag-output=host"],
    ["run -tag-output=host x.ts", "run --tag-output=host x.ts"],
    ["run --allow-run-as-root --mpi=pmix -O x.ts", "run x.ts"],
    ["run -s all -stdin 3 x.ts", "run --stdin all --stdin 3 x.ts"],
    ["run -ppn 2 x.ts", "run --ranks-per-host 2 x.ts"],
    ["run -ppn2 --ntasks-per-node=2 x.ts", "run --ranks-per-host 2 --ranks-per-host 2 x.ts"],
    ["run --npernode 2 -pernode x.ts", "run --ranks-per-host 2 --ranks-per-host 1 x.ts"],
    ["run -map-by node --bynode -m cyclic x.ts", "run --map-by node --map-by host --map-by host x.ts"],
    ["run -rf ranks --report-bindings x.ts", "run --rankfile ranks --display-map x.ts"],
    ["run --cpu-bind=cores --bind-to-core x.ts", "run --bind-to core --bind-to core x.ts"],
    ["run --gpus-per-task=2 x.ts", "run --gpus-per-rank 2 x.ts"],
    ["exec -np 2 echo -np 7 -H a", "exec --np 2 echo -np 7 -H a"],
    ["run --env A=-np -np 2 -- x.ts -np 7", "run --env A=-np --np 2 -- x.ts -np 7"],
    ["doctor -f mine", "doctor --hostfile mine"],
    ["run --nonsense x.ts", "run --nonsense x.ts"],
  ])("%s", (line, expected) => {
    expect(ours(line)).toBe(expected);
  });

  it.each([
    ["run --rank-by node x.ts", /^--rank-by node: .*--map-by/],
    ["run --cpu-bind=map_cpu:1 x.ts", /^--cpu-bind=map_cpu:1: say --bind-to none, core/],
    ["run -hostmap a:2 x.ts", /--rankfile FILE/],
    ["run -N 2 x.ts", /^-N 2: -N counts hosts in srun.*--ranks-per-host 2/],
    ["run -c 4 x.ts", /^-c 4: .*ompthreads=4/],
    ["run --mca a b x.ts", /^--mca a b: .*leave it out/],
    ["run -o out.txt x.ts", /--output-dir DIR/],
    ["run -H", /^-H: its value is missing$/],
  ])("%s is refused in one sentence", (line, words) => {
    expect(() => ours(line)).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringMatching(words) }));
    expect(() => ours(line)).toThrow(/^[^\n]+$/);
  });
});
