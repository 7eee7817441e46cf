"""A whole program of some calls, and nothing else: the twin of ours/calls.ts."""
import sys

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
operation, count = sys.argv[1], int(sys.argv[2])
x, into = np.ones(1), np.array([1.0 if world.rank == 0 else 0.0])


def ping_pong():
    if world.rank == 0:
        world.Send(x, 1)
        world.Recv(into, 1)
    else:
        world.Recv(into, 0)
        world.Send(into, 0)


call, result = {
    "allreduce": (lambda: world.Allreduce(x, into), world.size),
    "bcast": (lambda: world.Bcast(into), 1),
    "ping-pong": (ping_pong, 1),
}[operation]
for _ in range(count):
    call()
assert into[0] == result, f"{operation} gave {into[0]} instead of {result}"
