"""The rows of ours/map.ts with mpi4py.futures, two workers and the rank that drives them."""

import json
import random
import time
from array import array

from mpi4py.futures import MPICommExecutor


def increment(x):
    return x + 1


def busy(x):
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        pass
    return x


def ends(values):
    return values[0] + values[-1]


def pi_run(trials):
    hits = 0
    for _ in range(trials):
        x = random.random()
        y = random.random()
        if x * x + y * y < 1:
            hits += 1
    return 4 * hits / trials


def measure(row, work):
    times = []
    for _ in range(14):
        began = time.perf_counter()
        for _ in work():
            pass
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"row": f"{row} (ms)", "value": sorted(times[5:])[4]}), flush=True)


if __name__ == "__main__":
    many = list(range(10_000))
    arrays = [array("d", [float(i)]) * 125_000 for i in range(100)]
    with MPICommExecutor() as executor:
        if executor is not None:
            measure("10,000 tasks x + 1", lambda: executor.map(increment, many, chunksize=100))
            measure("10,000 tasks x + 1, one by one", lambda: executor.map(increment, many))
            measure("1,000 tasks of 1 ms", lambda: executor.map(busy, range(1000)))
            measure("100 tasks with 1 MB of doubles", lambda: executor.map(ends, arrays))
            measure("pi with 10^1 to 10^6 trials", lambda: executor.map(pi_run, [10**i for i in range(1, 7)]))
