"""The rows of ours/map.ts with multiprocessing.Pool(2)."""

import json
import random
import time
from array import array
from multiprocessing import Pool


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
        work()
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"row": f"{row} (ms)", "value": sorted(times[5:])[4]}), flush=True)


if __name__ == "__main__":
    many = list(range(10_000))
    arrays = [array("d", [float(i)]) * 125_000 for i in range(100)]
    with Pool(2) as pool:
        measure("10,000 tasks x + 1", lambda: pool.map(increment, many))
        measure("10,000 tasks x + 1, one by one", lambda: pool.map(increment, many, 1))
        measure("1,000 tasks of 1 ms", lambda: pool.map(busy, range(1000)))
        measure("100 tasks with 1 MB of doubles", lambda: pool.map(ends, arrays))
        measure("pi with 10^1 to 10^6 trials", lambda: pool.map(pi_run, [10**i for i in range(1, 7)]))
