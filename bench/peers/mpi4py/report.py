"""What ours/report.ts has."""
import json


def report(row, value):
    print(json.dumps({"row": row, "value": value}), flush=True)


def size_name(size):
    if size < 1024:
        return f"{size} B"
    return f"{size >> 10} KiB" if size < 1 << 20 else f"{size >> 20} MiB"
