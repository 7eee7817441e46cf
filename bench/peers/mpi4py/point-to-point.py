"""Round trips and one-way streams between ranks 0 and 1; the rows of ours/point-to-point.ts."""
import json
from time import perf_counter

from mpi4py import MPI

world = MPI.COMM_WORLD
rank = world.rank
other = 1 - rank
small = {"id": 1, "name": "particle", "position": [0.5, 1.5, 2.5]}

SIZES = [
    ("8 B", 8, 5000),
    ("1 KiB", 1024, 5000),
    ("64 KiB", 65536, 1000),
    ("1 MiB", 1 << 20, 200),
    ("64 MiB", 64 << 20, 5),
]


def report(row, value):
    if rank == 0:
        print(json.dumps({"row": row, "value": value}), flush=True)


def round_trip(send, recv, repetitions):
    """Microseconds per round trip."""
    began = perf_counter()
    for _ in range(repetitions):
        if rank == 0:
            send()
            recv()
        else:
            recv()
            send()
    return (perf_counter() - began) * 1e6 / repetitions


def hot(measure, *what):
    """The median of three, after a second of some that do not count, 25 at most."""
    end = perf_counter() + 1
    for _ in range(25):
        measure(*what)
        if not world.bcast(perf_counter() < end):
            break
    return sorted(measure(*what) for _ in range(3))[1]


def one_way(send, recv, repetitions):
    world.barrier()
    began = perf_counter()
    if rank == 0:
        for _ in range(repetitions):
            send()
        world.recv(source=other)
    else:
        for _ in range(repetitions):
            recv()
        world.send(None, dest=other)
    return repetitions / (perf_counter() - began)


def vain_looks(repetitions):
    """Microseconds that rank 0 loses by looking whether there is a message, while there is none."""
    began = perf_counter()
    if rank == 0:
        for _ in range(repetitions):
            world.iprobe(source=other)
    us = (perf_counter() - began) * 1e6 / repetitions
    world.barrier()
    return us


def objects():
    return (lambda: world.send(small, dest=other)), (lambda: world.recv(source=other))


def buffers(size):
    out, into = bytearray(size), bytearray(size)
    return (lambda: world.Send(out, dest=other)), (lambda: world.Recv(into, source=other))


world.barrier()
report("object, first 1,000 round trips (us)", round_trip(*objects(), 1000))

round_trip(*objects(), 20_000)
round_trip(*buffers(8), 20_000)

report("object, round trip (us)", hot(round_trip, *objects(), 5000))
for name, size, repetitions in SIZES:
    us = hot(round_trip, *buffers(size), repetitions)
    report(f"buffer of {name}, round trip (us)", us)
    if size >= 1 << 20:
        report(f"buffer of {name}, both ways (GB/s)", 2 * size / us / 1000)
report("iprobe that finds nothing (us)", hot(vain_looks, 5000))
report("objects, one way (per s)", hot(one_way, *objects(), 50_000))
report("buffers of 8 B, one way (per s)", hot(one_way, *buffers(8), 50_000))
