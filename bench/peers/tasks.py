"""The tasks of ours/map.ts, and how they are timed, for the peers that are written in Python."""

import json
import random
import time
from array import array

many = list(range(10_000))
trials = [10**i for i in range(1, 7)]


def arrays():
    return [array("d", [float(i)]) * 125_000 for i in range(100)]


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


def measure(row, work, first=3, counted=5):
    """Prints the first call's milliseconds, and the median of `counted` after the `first` ones."""
    times = []
    for _ in range(first + counted):
        began = time.perf_counter()
        for _ in work():
            pass
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps({"row": f"{row}, first call (ms)", "value": times[0]}), flush=True)
    print(json.dumps({"row": f"{row} (ms)", "value": sorted(times[first:])[counted // 2]}), flush=True)
