"""Parallel Research Kernels, reduce: the twin of ours/kernels/prk-reduce.ts."""
import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI

sys.path.insert(0, str(Path(__file__).parents[1]))
from report import report  # noqa: E402

world = MPI.COMM_WORLD
iterations, length = int(sys.argv[1]), int(sys.argv[2])
vector, ones = np.ones(length), np.ones(length)

start, adding = 0, 0
for k in range(iterations + 1):
    if k == 1:
        world.Barrier()
        start, adding = MPI.Wtime(), 0
    began = MPI.Wtime()
    vector += ones
    adding += MPI.Wtime() - began
    if world.rank == 0:
        world.Reduce(MPI.IN_PLACE, vector, MPI.SUM)
    else:
        world.Reduce(vector, None, MPI.SUM)
seconds = world.allreduce(MPI.Wtime() - start, MPI.MAX)

expected = iterations + 2 + (iterations**2 + 5 * iterations + 4) * (world.size - 1) / 2
if world.rank == 0:
    assert (np.abs(vector - expected) < 1e-8).all(), "wrong sums"
    name = f"PRK reduce of {length:,} doubles"
    report(f"{name}, a turn (us)", seconds * 1e6 / iterations)
    report(f"{name}, the program's own additions in it (us)", adding * 1e6 / iterations)
