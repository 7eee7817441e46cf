import { describe, expect, it } from "vitest";
import { shareGpus } from "../../../../packages/launcher/src/agent/gpu-shares.ts";

const cuda = (list: string) => ({ CUDA_VISIBLE_DEVICES: list });
const seen = (...args: Parameters<typeof shareGpus>): (string | undefined)[] =>
  shareGpus(...args).variables.map((own) => own["CUDA_VISIBLE_DEVICES"]);

describe("GPUs of a host", () => {
  it("are those that the scheduler's variable names there, whatever devices the host has", () => {
    expect(seen(2, 2, cuda("4,5,6,7"), ["nvidia0"])).toEqual(["4,5", "6,7"]);
    expect(seen(2, 1, cuda("GPU-8932f937, MIG-3c4d"))).toEqual(["GPU-8932f937", "MIG-3c4d"]);
  });

  it("are NVIDIA's devices where no variable says other", () => {
    expect(seen(2, 1, {}, ["nvidia-uvm", "nvidia1", "nvidia3", "nvidiactl"])).toEqual(["0", "1"]);
  });

  it("are shared in turn where there are too few", () => {
    const { variables, areShared, total } = shareGpus(5, 1, cuda("0,1"));
    expect(variables.map((own) => own["CUDA_VISIBLE_DEVICES"])).toEqual(["0", "1", "0", "1", "0"]);
    expect([areShared, total]).toEqual([true, 2]);
    expect(seen(2, 2, cuda("0,1,2"))).toEqual(["0,1", "2,0"]);
    expect(shareGpus(2, 1, cuda("0,1")).areShared).toBe(false);
  });

  it("are named by every variable that the host has", () => {
    const { variables } = shareGpus(2, 1, { ROCR_VISIBLE_DEVICES: "2,3", ZE_AFFINITY_MASK: "0.0,0.1" });
    expect(variables).toEqual([
      { ROCR_VISIBLE_DEVICES: "2", ZE_AFFINITY_MASK: "0.0" },
      { ROCR_VISIBLE_DEVICES: "3", ZE_AFFINITY_MASK: "0.1" },
    ]);
  });

  it.each([
    [{}, 1, "--gpus-per-rank 1: this host has no GPU: it has no /dev/nvidia0"],
    [cuda("-1"), 1, "--gpus-per-rank 1: this host has 0 GPUs for the job (CUDA_VISIBLE_DEVICES=-1)"],
    [cuda("NoDevFiles"), 1, "this host has 0 GPUs for the job"],
    [cuda("0,1"), 3, "--gpus-per-rank 3: this host has 2 GPUs for the job (CUDA_VISIBLE_DEVICES=0,1)"],
  ])("%o has too few for a rank with %i", (environment, each, message) => {
    expect(() => shareGpus(2, each, environment, [])).toThrow(message);
  });
});
