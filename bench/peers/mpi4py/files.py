"""The rows of ours/files.ts, with MPI's files and subarray types."""
import os
import shutil
import sys
import tempfile
from math import ceil
from time import perf_counter

import numpy as np
from mpi4py import MPI
from report import report

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
parent = sys.argv[1] if len(sys.argv) > 1 else "/tmp"
directory = world.bcast(tempfile.mkdtemp(dir=parent, prefix="tsmpi-bench-") if rank == 0 else None)
SIDE, TILE, TURN = 11584, 64, 16
rows = SIDE // size
mine = np.full(rows * SIDE, float(rank))
path = os.path.join(directory, "file")
MODE = MPI.MODE_CREATE | MPI.MODE_RDWR


def timed(body):
    world.Barrier()
    began = perf_counter()
    body()
    world.Barrier()
    return perf_counter() - began


file = MPI.File.Open(world, path, MODE)
written = timed(lambda: file.Write_at_all(rank * mine.nbytes, mine))
read = timed(lambda: file.Read_at_all(rank * mine.nbytes, mine))
file.Close()
if rank == 0:
    report("1 GiB, contiguous, write (s)", written)
    report("1 GiB, contiguous, read (s)", read)
    os.remove(path)
world.Barrier()

file = MPI.File.Open(world, path, MODE)
count = ceil((SIDE // TILE - rank) / size)
line = MPI.DOUBLE.Create_vector(count, TILE, TILE * size)
line = line.Create_resized(0, 8 * SIDE)
kind = line.Create_contiguous(TURN * TILE).Commit()
part = mine[: TURN * TILE * count * TILE]


def call(body):
    for row in range(0, SIDE // TILE - TURN + 1, TURN):
        file.Set_view(8 * (row * TILE * SIDE + rank * TILE), MPI.DOUBLE, kind)
        body()


written = timed(lambda: call(lambda: file.Write_all(part)))
read = timed(lambda: call(lambda: file.Read_all(part)))
file.Close()
if rank == 0:
    report("1 GiB, columns of 64, write (s)", written)
    report("1 GiB, columns of 64, read (s)", read)
    shutil.rmtree(directory)
