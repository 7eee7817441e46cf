"""NAS Parallel Benchmarks, IS: the twin of ours/kernels/npb-is.ts."""
import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI
from nas_random import power, uniform

sys.path.insert(0, str(Path(__file__).parents[1]))
from report import report  # noqa: E402

world = MPI.COMM_WORLD
rank, ranks = world.rank, world.size
name = sys.argv[1]
CLASSES = {
    "S": (
        (16, 11, 9),
        [48427, 17148, 23627, 62548, 4431],
        [0, 18, 346, 64917, 65463],
        lambda i, iteration: iteration if i <= 2 else -iteration,
    ),
    "W": (
        (20, 16, 10),
        [357773, 934767, 875723, 898999, 404505],
        [1249, 11698, 1039987, 1043896, 1048018],
        lambda i, iteration: iteration - 2 if i < 2 else -iteration,
    ),
}
(keys_log, values_log, buckets_log), at, known, moved = CLASSES[name]
total, values, buckets, shift = 1 << keys_log, 1 << values_log, 1 << buckets_log, values_log - buckets_log
own = total // ranks
a = 5**13
u = uniform(314159265 * power(a, 4 * own * rank) % (1 << 46), a, 4 * own).reshape(own, 4)
keys = (values // 4 * (u[:, 0] + u[:, 1] + u[:, 2] + u[:, 3])).astype(np.int32)
passed = 0


def rank_all(iteration):
    global passed
    if rank == 0:
        keys[iteration] = iteration
        keys[iteration + 10] = values - iteration
    counts, totals = np.zeros(buckets + 5, np.int32), np.zeros(buckets + 5, np.int32)
    for i, index in enumerate(at):
        if index // own == rank:
            counts[buckets + i] = keys[index % own]
    bucket = keys >> shift
    counts[:buckets] = np.bincount(bucket, minlength=buckets)
    world.Allreduce(counts, totals, MPI.SUM)
    upto = np.cumsum(totals[:buckets])
    first = np.zeros(ranks + 1, np.int64)
    for r in range(ranks):
        first[r + 1] = np.searchsorted(upto, (r + 1) * own) + 1
    first[ranks] = buckets
    in_buckets = keys[np.argsort(bucket, kind="stable")]
    ends = np.concatenate([[0], np.cumsum(counts[:buckets])])
    outgoing = np.array([ends[first[r + 1]] - ends[first[r]] for r in range(ranks)], np.int32)
    incoming = np.empty(ranks, np.int32)
    world.Alltoall(outgoing, incoming)
    mine = np.empty(incoming.sum(), np.int32)
    world.Alltoallv([in_buckets, outgoing], [mine, incoming])
    low, end = int(first[rank]) << shift, int(first[rank + 1]) << shift
    up_to = np.cumsum(np.bincount(mine - low, minlength=end - low))
    lesser = int(totals[: first[rank]].sum())
    for i in range(5):
        key = int(totals[buckets + i])
        if low <= key < end:
            found = (0 if key == low else up_to[key - 1 - low]) + lesser
            passed += int(found == known[i] + moved(i, iteration))
    return mine


rank_all(1)
passed = 0
world.Barrier()
start = MPI.Wtime()
for iteration in range(1, 11):
    mine = rank_all(iteration)
seconds = world.allreduce(MPI.Wtime() - start, MPI.MAX)

order = np.sort(mine)
ends = world.allgather((int(order[0]), int(order[-1])) if len(order) else None)
ends = [each for each in ends if each is not None]
in_order = all(ends[i][1] <= ends[i + 1][0] for i in range(len(ends) - 1))
passed = world.allreduce(passed)
assert passed == 50 and in_order, f"wrong ranks: {passed} checks passed"
if rank == 0:
    report(f"NAS IS, class {name} (s)", seconds)
