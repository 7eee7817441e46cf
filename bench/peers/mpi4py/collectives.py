"""Microseconds per collective; the rows of ours/collectives.ts."""
import array
import json
from time import perf_counter

from mpi4py import MPI

world = MPI.COMM_WORLD
small = {"id": 1, "name": "particle", "position": [0.5, 1.5, 2.5]}
parts = [small] * world.size
doubles = array.array("d", bytes(8 * 131_072))
result = array.array("d", bytes(8 * 131_072))


def time(row, repetitions, collective):
    for _ in range(repetitions // 10):
        collective()
    world.barrier()
    began = perf_counter()
    for _ in range(repetitions):
        collective()
    world.barrier()
    us = (perf_counter() - began) * 1e6 / repetitions
    if world.rank == 0:
        print(json.dumps({"row": f"{row}, n = {world.size} (us)", "value": us}), flush=True)


time("barrier", 1000, world.barrier)
time("bcast of an object", 1000, lambda: world.bcast(small))
time("scatter of objects", 1000, lambda: world.scatter(parts if world.rank == 0 else None))
time("gather of objects", 1000, lambda: world.gather(small))
time("allgather of objects", 1000, lambda: world.allgather(small))
time("alltoall of objects", 1000, lambda: world.alltoall(parts))
time("allreduce of a number", 1000, lambda: world.allreduce(1))
time("allreduce of 1 MiB of doubles", 50, lambda: world.Allreduce(doubles, result))
