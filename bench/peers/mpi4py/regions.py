"""Regions of a grid, with MPI's subarray types ("subarray") or copied by NumPy ("slices"); the rows of ours/regions.ts."""
import sys
from math import ceil
from time import perf_counter

import numpy as np
from mpi4py import MPI
from report import report

world = MPI.COMM_WORLD
other = 1 - world.rank
n = 4000
mine = np.full(n * n, float(world.rank))
theirs = np.zeros(n * n)

REGIONS = [
    ("a column", [n, n], [0, 1], [n, 1], [1, 1], 500),
    ("two columns", [n, n], [0, 1], [n, 2], [1, 1], 500),
    ("every second column of 100 rows", [n, n], [0, 0], [100, n // 2], [1, 2], 50),
    ("a quarter of the grid", [n, n], [n // 4, n // 4], [n // 2, n // 2], [1, 1], 3),
    ("a face of 200 x 400 x 200", [200, 400, 200], [0, 0, 1], [200, 400, 1], [1, 1, 1], 50),
]


def by_subarray(shape, start, size, stride):
    if max(stride) > 1:  # a subarray has no strides: a vector in each row
        vector = MPI.DOUBLE.Create_vector(size[1], 1, stride[1])
        kind = vector.Create_hvector(size[0], 1, 8 * shape[1]).Commit()
    else:
        kind = MPI.DOUBLE.Create_subarray(shape, size, start).Commit()
    return lambda: world.Sendrecv([mine, 1, kind], other, 0, [theirs, 1, kind], other, 0)


def by_slices(shape, start, size, stride):
    where = tuple(slice(a, a + c * s, s) for a, c, s in zip(start, size, stride))
    source, target = mine.reshape(shape)[where], theirs.reshape(shape)[where]
    got = np.empty(size)

    def exchange():
        world.Sendrecv(np.ascontiguousarray(source), other, 0, got, other, 0)
        target[...] = got

    return exchange


def timed(exchange, repetitions):
    world.Barrier()
    began = perf_counter()
    for _ in range(repetitions):
        exchange()
    return (perf_counter() - began) * 1e6 / repetitions


make = by_slices if sys.argv[1:] == ["slices"] else by_subarray
for row, shape, start, size, stride, repetitions in REGIONS:
    exchange = make(shape, start, size, stride)
    first = timed(exchange, ceil(repetitions / 50))
    for _ in range(3):
        timed(exchange, repetitions)
    values = sorted(timed(exchange, repetitions) for _ in range(5))
    if world.rank == 0:
        report(f"{row}, first (us)", first)
        report(f"{row} (us)", values[2])
