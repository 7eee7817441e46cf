"""The rows of ours/map.ts with Dask distributed: two worker processes of one thread, and the scheduler in this one.

It has no chunks: every task is one of the scheduler's. `pure=False`, or it would give what it has computed before.
"""

import os
import sys
from pathlib import Path

folder = str(Path(__file__).parents[1])
sys.path.insert(0, folder)
os.environ["PYTHONPATH"] = folder  # for the workers
from tasks import arrays, busy, ends, increment, many, measure, pi_run, trials  # noqa: E402

if __name__ == "__main__":
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, Client(cluster) as client:
        inputs = arrays()

        def run(task, values):
            return client.gather(client.map(task, values, pure=False))

        measure("10,000 tasks x + 1, one by one", lambda: run(increment, many), first=1, counted=1)
        measure("1,000 tasks of 1 ms", lambda: run(busy, range(1000)), first=1, counted=3)
        measure("100 tasks with 1 MB of doubles", lambda: run(ends, inputs), first=1, counted=3)
        measure("pi with 10^1 to 10^6 trials", lambda: run(pi_run, trials), first=1, counted=3)
