"""The rows of ours/schedules.ts with multiprocessing.Pool(n).imap_unordered, which hands out one by one: schedules.py n"""

import heapq
import json
import sys
import time
from multiprocessing import Pool

lists = {
    "40 x 50": [50] * 40,
    "100 x 0, then 10 x 200": [0] * 100 + [200] * 10,
    "10 x 200, then 100 x 0": [200] * 10 + [0] * 100,
    "40, of the first 8 every second 300, else 10": [300 if i < 8 and i % 2 == 0 else 10 for i in range(40)],
    "3 x 300": [300] * 3,
    "400, 10, 400, 7 x 10": [400, 10, 400] + [10] * 7,
    "500 x 2": [2] * 500,
    "600, then 60 x 20": [600] + [20] * 60,
    "60 x 20, then 600": [20] * 60 + [600],
    "60, rising from 0 to 59": list(range(60)),
    "60, falling from 59 to 0": list(range(59, -1, -1)),
}


def sleep(ms):
    time.sleep(ms / 1000)


def compute(ms):
    until = time.perf_counter() + ms / 1000
    while time.perf_counter() < until:
        pass


def greedy_ms(lengths, workers):
    free = [0] * workers
    for ms in lengths:
        heapq.heapreplace(free, free[0] + ms)
    return max(free)


if __name__ == "__main__":
    workers = int(sys.argv[1])
    with Pool(workers) as pool:
        for name, lengths in lists.items():
            for work in (sleep, compute):
                for source, inputs in (("array", lengths), ("generator", (ms for ms in lengths))):
                    began = time.perf_counter()
                    for _ in pool.imap_unordered(work, inputs):
                        pass
                    took = (time.perf_counter() - began) * 1000
                    row = f"{name} ms, {work.__name__}, {source}"
                    print(json.dumps({"row": row, "value": took / greedy_ms(lengths, workers)}), flush=True)
