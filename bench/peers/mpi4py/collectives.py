"""Microseconds per collective; the rows of ours/collectives.ts, warmed up and repeated as there."""
import array
import json
import os
from time import perf_counter

from mpi4py import MPI

world = MPI.COMM_WORLD
small = {"id": 1, "name": "particle", "position": [0.5, 1.5, 2.5]}
parts = [small] * world.size
doubles = array.array("d", bytes(8 * 131_072))
result = array.array("d", bytes(8 * 131_072))


def batch(repetitions, collective):
    """Seconds of so many calls, up to the last rank's end."""
    world.barrier()
    began = perf_counter()
    for _ in range(repetitions):
        collective()
    world.barrier()
    return perf_counter() - began


def warm_up(collective):
    end = perf_counter() + (2 if world.size > len(os.sched_getaffinity(0)) else 1)
    going = True
    while going:
        seconds = batch(100, collective)
        going = world.bcast(perf_counter() < end)
    return world.bcast(min(5000, max(50, round(0.5 / (seconds / 100)))))


def time(row, collective):
    repetitions = warm_up(collective)
    report(row, sorted(batch(repetitions, collective) for _ in range(3))[1], repetitions)


def report(row, seconds, calls):
    if world.rank == 0:
        print(json.dumps({"row": f"{row}, n = {world.size} (us)", "value": seconds * 1e6 / calls}), flush=True)


world.barrier()
report("allreduce of a number, first 1,000", batch(1000, lambda: world.allreduce(1)), 1000)
time("barrier", world.barrier)
time("bcast of an object", lambda: world.bcast(small))
time("scatter of objects", lambda: world.scatter(parts if world.rank == 0 else None))
time("gather of objects", lambda: world.gather(small))
time("allgather of objects", lambda: world.allgather(small))
time("alltoall of objects", lambda: world.alltoall(parts))
time("allreduce of a number", lambda: world.allreduce(1))
time("bcast of 1 MiB of doubles", lambda: world.Bcast(doubles if world.rank == 0 else result))
time("allreduce of 1 MiB of doubles", lambda: world.Allreduce(doubles, result))
