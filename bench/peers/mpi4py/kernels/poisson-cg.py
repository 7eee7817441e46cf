"""Conjugate gradients on Poisson's equation: the twin of ours/kernels/poisson-cg.ts."""
import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI
from nas_random import power, uniform

sys.path.insert(0, str(Path(__file__).parents[1]))
from report import report  # noqa: E402

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
n = int(sys.argv[1])
y0, y1 = n * rank // size, n * (rank + 1) // size
rows, h = y1 - y0, 1 / (n + 1)
up = rank - 1 if rank > 0 else MPI.PROC_NULL
down = rank + 1 if rank + 1 < size else MPI.PROC_NULL
u, r, p, q = (np.zeros((rows + 2, n + 2)) for _ in range(4))


def exchange(v):
    world.Sendrecv(v[rows], down, 1, v[0], up, 1)
    world.Sendrecv(v[1], up, 2, v[rows + 1], down, 2)


def apply(v, to):
    to[1:-1, 1:-1] = 4 * v[1:-1, 1:-1] - v[1:-1, :-2] - v[1:-1, 2:] - v[:-2, 1:-1] - v[2:, 1:-1]
    return float(np.vdot(v[1:-1], to[1:-1]))


a = 5**13
u[1:-1, 1:-1] = uniform(314159265 * power(a, n * y0) % (1 << 46), a, n * rows).reshape(rows, n)
exact = np.outer(np.sin(2 * np.pi * h * np.arange(y0 + 1, y1 + 1)), np.sin(np.pi * h * np.arange(1, n + 1)))
exchange(u)
apply(u, q)
r[1:-1, 1:-1] = h * h * 5 * np.pi**2 * exact - q[1:-1, 1:-1]
p[:] = r
rho = world.allreduce(float(np.vdot(r, r)))
target, steps = rho * 1e-20, 0
world.Barrier()
start = MPI.Wtime()
while rho > target and steps < 20 * n:
    exchange(p)
    alpha = rho / world.allreduce(apply(p, q))
    u += alpha * p
    r -= alpha * q
    r[0] = r[-1] = 0
    before = rho
    rho = world.allreduce(float(np.vdot(r, r)))
    p *= rho / before
    p += r
    steps += 1
seconds = world.allreduce(MPI.Wtime() - start, MPI.MAX)

error = world.allreduce(np.abs(u[1:-1, 1:-1] - exact).max(), MPI.MAX)
largest = world.allreduce(np.abs(exact).max(), MPI.MAX)
discrete = 4 / (h * h) * (np.sin(np.pi * h / 2) ** 2 + np.sin(np.pi * h) ** 2)
expected = (5 * np.pi**2 / discrete - 1) * largest
assert rho <= target and abs(error - expected) < 0.01 * expected, "wrong solution"
if rank == 0:
    report(f"CG {n}^2, a step (us)", seconds * 1e6 / steps)
