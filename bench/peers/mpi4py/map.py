"""The rows of ours/map.ts with mpi4py.futures: rank 0 drives the executor, the two others work."""

import sys
from pathlib import Path

from mpi4py.futures import MPICommExecutor

sys.path.insert(0, str(Path(__file__).parents[1]))
from tasks import arrays, busy, ends, increment, many, measure, pi_run, trials  # noqa: E402

if __name__ == "__main__":
    with MPICommExecutor() as executor:
        if executor is not None:
            inputs = arrays()
            measure("10,000 tasks x + 1", lambda: executor.map(increment, many, chunksize=100))
            measure("10,000 tasks x + 1, one by one", lambda: executor.map(increment, many))
            measure("1,000 tasks of 1 ms", lambda: executor.map(busy, range(1000)))
            measure("100 tasks with 1 MB of doubles", lambda: executor.map(ends, inputs))
            measure("pi with 10^1 to 10^6 trials", lambda: executor.map(pi_run, trials))
