"""Megabytes of a rank after MPI_Init and a first barrier; the rows of ours/memory.ts."""
import json
import re
from pathlib import Path

from mpi4py import MPI

world = MPI.COMM_WORLD
world.barrier()
counted = Path("/proc/self/smaps_rollup").read_text()
for row, field in ("resident", "Rss"), ("its share of what is resident", "Pss"):
    kb = int(re.search(rf"^{field}:\s+(\d+) kB", counted, re.M)[1])
    values = world.gather(kb)
    if world.rank == 0:
        median = sorted(values)[world.size // 2]
        print(json.dumps({"row": f"memory of a rank, {row}, n = {world.size} (MB)", "value": median / 1000}), flush=True)
