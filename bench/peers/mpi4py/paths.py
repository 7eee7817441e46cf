"""Microseconds of some calls; the rows of ours/paths.ts."""
from time import perf_counter

import numpy as np
from mpi4py import MPI
from report import report

world = MPI.COMM_WORLD
BATCHES, REPETITIONS = 40, 50
other = 1 - world.rank
one, thousand, into = np.zeros(1), np.zeros(1000), np.zeros(1000)


def time(row, call):
    for _ in range(500):
        call()
    times = []
    for _ in range(BATCHES):
        world.Barrier()
        start = perf_counter()
        for _ in range(REPETITIONS):
            call()
        times.append(perf_counter() - start)
    seconds = sorted(times)[BATCHES // 2]
    if world.rank == 0:
        report(f"{row} (us)", seconds * 1e6 / REPETITIONS)


def number():
    if world.rank == 0:
        world.send(1, other)
        world.recv(source=other)
    else:
        world.recv(source=other)
        world.send(1, other)


def buffer():
    if world.rank == 0:
        world.Send(one, other)
        world.Recv(one, other)
    else:
        world.Recv(one, other)
        world.Send(one, other)


time("number, round trip", number)
time("buffer of 8 B, round trip", buffer)
time("barrier", world.Barrier)
time("allreduce of a number", lambda: world.allreduce(1))
time("allreduce of 1,000 doubles", lambda: world.Allreduce(thousand, into))
time("bcast of an object", lambda: world.bcast({"a": 1} if world.rank == 0 else None))
