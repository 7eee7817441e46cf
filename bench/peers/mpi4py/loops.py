"""Loops of the OSU micro-benchmarks with buffers; the rows of ours/loops.ts."""
import sys

import numpy as np
from mpi4py import MPI
from report import report, size_name

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
operation, iterations, warm_up = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sizes = [int(each) for each in sys.argv[4].split(",")]
other = rank ^ 1
is_first = rank % 2 == 0
WINDOW = 64
now = MPI.Wtime


def expect_all(array, expected):
    if array is not None:
        for at in 0, len(array) // 2, len(array) - 1:
            assert array[at] == expected, f"{operation}: element {at} is {array[at]} instead of {expected}"


def latency(length):
    out, into = filled(length), np.zeros(length, np.uint8)
    world.Barrier()
    start = 0
    for i in range(iterations + warm_up):
        if i == warm_up:
            start = now()
        if is_first:
            world.Send(out, other, 1)
            world.Recv(into, other, 1)
        else:
            world.Recv(into, other, 1)
            world.Send(out, other, 1)
    time = (now() - start) * 1e6 / (2 * iterations)
    expect_all(into, 97)
    return time


def bidirectional(length):
    counted, uncounted = (iterations // 5, warm_up // 5) if length > 8192 else (iterations, warm_up)
    out, into, ack = filled(length), np.zeros(length, np.uint8), np.zeros(4, np.uint8)
    world.Barrier()
    start = 0
    for i in range(counted + uncounted):
        if i == uncounted:
            start = now()
        pending = [world.Irecv(into, other, 100) for _ in range(WINDOW)]
        pending += [world.Isend(out, other, 100) for _ in range(WINDOW)]
        MPI.Request.Waitall(pending)
        if is_first:
            world.Recv(ack, other, 101)
        else:
            world.Send(ack, other, 101)
    rate = 2 * length * counted * WINDOW / (now() - start) / 1e6
    expect_all(into, 97)
    return rate


def timed(call):
    world.Barrier()
    total = 0
    for i in range(iterations + warm_up):
        start = now()
        call()
        time = now() - start
        if i >= warm_up:
            total += time
        world.Barrier()
    return world.allreduce(total) * 1e6 / iterations / size


def filled(length):
    return np.full(length, 97, np.uint8)


def empty(length):
    return np.zeros(length, np.uint8)


def collective(length):
    """The call, the array that it fills at this rank, and with what."""
    root = rank == 0
    if operation in ("allreduce", "reduce"):
        x = np.ones(length // 4, np.float32)
        into = np.zeros(length // 4, np.float32) if root or operation == "allreduce" else None
        call = world.Allreduce if operation == "allreduce" else world.Reduce
        return lambda: call(x, into, MPI.SUM), into, size
    if operation == "bcast":
        into = filled(length) if root else empty(length)
        return lambda: world.Bcast(into), into, 97
    if operation == "allgather":
        x, into = filled(length), empty(length * size)
        return lambda: world.Allgather(x, into), into, 97
    if operation == "alltoall":
        x, into = filled(length * size), empty(length * size)
        return lambda: world.Alltoall(x, into), into, 97
    if operation == "gather":
        x, into = filled(length), empty(length * size) if root else None
        return lambda: world.Gather(x, into), into, 97
    if operation == "scatter":
        x, into = filled(length * size) if root else None, empty(length)
        return lambda: world.Scatter(x, into), into, 97
    raise ValueError(f"no operation {operation}")


def measure(length):
    if operation == "latency":
        return latency(length)
    if operation == "bibw":
        return bidirectional(length)
    if operation == "barrier":
        return timed(world.Barrier)
    call, into, expected = collective(length)
    time = timed(call)
    expect_all(into, expected)
    return time


values = [measure(length) for length in sizes]
if rank == 0:
    unit = "MB/s" if operation == "bibw" else "us"
    for length, value in zip(sizes, values):
        name = operation if operation == "barrier" else f"{operation} of {size_name(length)}"
        report(f"{name} ({unit})", value)
