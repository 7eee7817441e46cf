"""The rows of ours/checkpoints.ts: numpy.save and fsync on each rank, a barrier, one rename."""
import os
import shutil
import sys
import tempfile
from time import perf_counter

import numpy as np
from mpi4py import MPI
from report import report

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
parent = sys.argv[1] if len(sys.argv) > 1 else "/tmp"
directory = world.bcast(tempfile.mkdtemp(dir=parent, prefix="tsmpi-bench-") if rank == 0 else None)
u = np.full((1 << 27) // size, float(rank))


def timed(body):
    world.Barrier()
    began = perf_counter()
    body()
    world.Barrier()
    return perf_counter() - began


def save(step):
    aside = os.path.join(directory, ".saving")
    if rank == 0:
        os.mkdir(aside)
    world.Barrier()
    with open(os.path.join(aside, f"rank-{rank}.npy"), "wb") as file:
        np.save(file, u)
        file.flush()
        os.fsync(file.fileno())
    world.Barrier()
    if rank == 0:
        os.rename(aside, os.path.join(directory, f"step-{step}"))
        if step > 1:
            shutil.rmtree(os.path.join(directory, f"step-{step - 1}"))


first = timed(lambda: save(1))
second = timed(lambda: save(2))
loaded = timed(lambda: np.load(os.path.join(directory, "step-2", f"rank-{rank}.npy")))
if rank == 0:
    report("1 GiB, save, the first (s)", first)
    report("1 GiB, save, with one to remove (s)", second)
    report("1 GiB, load (s)", loaded)
    shutil.rmtree(directory)
