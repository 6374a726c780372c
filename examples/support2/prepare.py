"""Split the patients of SUPPORT2 into train (45 %), reference (15 %) and test (40 %).

A patient's part follows from a hash of the identifier alone: it does not change when rows are added,
removed or ordered anew, and no patient can stand in two parts. Usage: python prepare.py
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

SEED = "support2-demo"
#: Upper ends of the parts on the unit interval.
PARTS = {"train": 0.45, "reference": 0.60, "test": 1.00}


def part(patient_id: int) -> str:
    """Return the part of a patient: 32 bits of a SHA-256, read as a number in [0, 1)."""
    place = int(hashlib.sha256(f"{SEED}:{patient_id}".encode()).hexdigest()[:8], 16) / 2**32
    return next(name for name, end in PARTS.items() if place < end)


def prepare(folder: Path) -> dict[str, Path]:
    """Write ``data/train.csv``, ``data/reference.csv`` and ``data/test.csv``; the same input gives the same bytes."""
    table = pd.read_csv(folder / "support2.csv.gz")
    parts = table["patient_id"].map(part)
    (folder / "data").mkdir(exist_ok=True)
    written = {}
    for name in PARTS:
        written[name] = folder / "data" / f"{name}.csv"
        table[parts == name].to_csv(written[name], index=False, lineterminator="\n")
    return written


if __name__ == "__main__":
    for name, path in prepare(Path(__file__).parent).items():
        print(f"{name}: {path}")
