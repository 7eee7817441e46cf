"""One-sided calls of rank 0 to the part of rank 1, which waits in a barrier; the rows of ours/windows.ts."""
from time import perf_counter

import mpi4py
import numpy as np

mpi4py.rc.thread_level = "single"  # Open MPI's windows over tcp refuse threads
from mpi4py import MPI  # noqa: E402
from report import report  # noqa: E402

world = MPI.COMM_WORLD
target = 1
far = world.Split_type(MPI.COMM_TYPE_SHARED).size < world.size
often = 500 if far else 20_000

doubles = MPI.Win.Allocate(8 << 17, 8, comm=world)
integers = MPI.Win.Allocate(8, 8, comm=world)


def row(name, repetitions, call):
    world.Barrier()
    if world.rank == 0:

        def batch(count):
            began = perf_counter()
            for _ in range(count):
                call()
            return (perf_counter() - began) * 1e6 / count

        report(f"{name}, first 100 (us)", batch(100))
        report(f"{name} (us)", sorted(batch(repetitions) for _ in range(5))[2])
    world.Barrier()


def flushed(window, call):
    def both():
        call()
        window.Flush(target)

    return both


doubles.Lock_all()
integers.Lock_all()
for name, length, repetitions in [("8 B", 1, often), ("8 KiB", 1024, often), ("1 MiB", 1 << 17, often // 200)]:
    array = np.zeros(length)
    count = max(10, repetitions)
    row(f"get {name}", count, flushed(doubles, lambda: doubles.Get(array, target)))
    row(f"put {name}", count, flushed(doubles, lambda: doubles.Put(array, target)))
    row(f"accumulate {name}", count, flushed(doubles, lambda: doubles.Accumulate(array, target)))
one, old = np.ones(1), np.zeros(1)
row("fetchAndOp, a double", often, flushed(doubles, lambda: doubles.Fetch_and_op(one, old, target)))
one, zero, old = np.ones(1, "i8"), np.zeros(1, "i8"), np.zeros(1, "i8")
row("fetchAndOp, 64-bit integer", often, flushed(integers, lambda: integers.Fetch_and_op(one, old, target)))
row(
    "compareAndSwap, 64-bit integer",
    often,
    flushed(integers, lambda: integers.Compare_and_swap(zero, zero, old, target)),
)
integers.Unlock_all()
doubles.Unlock_all()


def lock_and_release():
    doubles.Lock(target)
    doubles.Unlock(target)


row("lock and release", often // 10, lock_and_release)
world.Barrier()
integers.Free()
doubles.Free()
