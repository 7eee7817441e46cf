"""The random numbers of ours/kernels/nas-random.ts, in blocks: exact in uint64 by pieces of 23 bits."""
import numpy as np

MASK = (1 << 46) - 1


def power(a, n):
    return pow(int(a), int(n), 1 << 46)


def times(a, x):
    """Of a number and an array."""
    a1, a2 = a >> 23, a & 0x7FFFFF
    x1, x2 = x >> np.uint64(23), x & np.uint64(0x7FFFFF)
    middle = (np.uint64(a1) * x2 + np.uint64(a2) * x1) & np.uint64(0x7FFFFF)
    return ((middle << np.uint64(23)) + np.uint64(a2) * x2) & np.uint64(MASK)


def uniform(state, a, n):
    """The n numbers in (0, 1) that follow a state. Each block doubles what is there."""
    states = np.empty(n, np.uint64)
    states[0] = (int(state) * int(a)) & MASK
    done = 1
    while done < n:
        block = min(done, n - done)
        states[done : done + block] = times(power(a, done), states[:block])
        done += block
    return states * 2.0**-46
