"""What the n-th call costs in a fresh process; the first rows of ours/curve.ts."""
import time

import numpy as np
from mpi4py import MPI
from report import report

world = MPI.COMM_WORLD
out, into = np.zeros(1), np.zeros(1)
BOUNDS = [0, 10, 100, 1000, 10_000]
times = np.zeros(BOUNDS[-1])
other = 1 - world.rank


def calls(begin, end):
    for i in range(begin, end):
        start = time.perf_counter()
        if world.rank == 0:
            world.Send(out, other)
            world.Recv(into, other)
        else:
            world.Recv(into, other)
            world.Send(out, other)
        times[i] = time.perf_counter() - start


world.Barrier()
calls(0, 1000)
world.Barrier()
calls(1000, len(times))

if world.rank == 0:
    for begin, end in zip(BOUNDS, BOUNDS[1:]):
        part = times[begin:end]
        report(f"calls {begin + 1:,} to {end:,}, mean (us)", part.mean() * 1e6)
        report(f"calls {begin + 1:,} to {end:,}, median (us)", np.sort(part)[len(part) // 2] * 1e6)
