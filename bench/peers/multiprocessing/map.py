"""The rows of ours/map.ts with multiprocessing.Pool(2)."""

import sys
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tasks import arrays, busy, ends, increment, many, measure, pi_run, trials  # noqa: E402

if __name__ == "__main__":
    inputs = arrays()
    with Pool(2) as pool:
        measure("10,000 tasks x + 1", lambda: pool.map(increment, many))
        measure("10,000 tasks x + 1, one by one", lambda: pool.map(increment, many, 1))
        measure("1,000 tasks of 1 ms", lambda: pool.map(busy, range(1000)))
        measure("100 tasks with 1 MB of doubles", lambda: pool.map(ends, inputs))
        measure("pi with 10^1 to 10^6 trials", lambda: pool.map(pi_run, trials))
