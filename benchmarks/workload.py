"""The seeded workload: a binary model's scores on a table of 50 features and 4 attributes, and a reference like it.

``python -m benchmarks.workload ROWS FILE [--reference]`` writes one Parquet file. Prevalence is about 6 %;
40 features are numbers, 10 are words; the attributes have 2, 6, 6 and 20 groups, so 34 groups
and 1,440 intersections.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

NUMBERS = tuple(f"f{i:02}" for i in range(40))
WORDS = tuple(f"c{i:02}" for i in range(10))
FEATURES = (*NUMBERS, *WORDS)
ATTRIBUTES = {"sex": 2, "age_band": 6, "race": 6, "site": 20}
LABEL, SCORE, THRESHOLD = "y_true", "y_score", 0.1
_GROUP = 122_880


def write(file: Path, rows: int, *, reference: bool = False, seed: int = 20261124) -> Path:
    """Write the file, row group by row group, unless it is there."""
    if not file.is_file():
        part = file.with_suffix(".part")
        batches = _batches(rows, np.random.default_rng([seed, reference]), shift=0.0 if reference else 0.05)
        first = next(batches)
        with parquet.ParquetWriter(part, first.schema, compression="snappy") as writer:
            writer.write_batch(first)
            for batch in batches:
                writer.write_batch(batch)
        part.replace(file)
    return file


def _batches(rows: int, rng: np.random.Generator, *, shift: float) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, _GROUP):
        yield _batch(min(_GROUP, rows - start), rng, shift)


def _batch(n: int, rng: np.random.Generator, shift: float) -> pa.RecordBatch:
    codes = {name: _groups(n, size, rng) for name, size in ATTRIBUTES.items()}
    numbers = rng.standard_normal((len(NUMBERS), n))
    numbers[0] += shift
    numbers[10:20] = np.exp(numbers[10:20])  # skewed, as laboratory values are
    numbers[20:30] = np.round(numbers[20:30] * 10)  # few values, as scales and ages are
    numbers[30:35][rng.random((5, n)) < 0.15] = np.nan
    logit = -3.2 + 0.5 * numbers[0] + 0.4 * numbers[1] + 0.3 * numbers[2] + 0.1 * codes["age_band"]
    risk = 1 / (1 + np.exp(-logit))
    columns: dict[str, pa.Array] = {
        LABEL: pa.array((rng.random(n) < risk).astype(np.int8)),
        SCORE: pa.array(1 / (1 + np.exp(-(logit + 0.3 * rng.standard_normal(n))))),
    }
    for name, size in ATTRIBUTES.items():
        words = pa.array([f"{name}{i:02}" for i in range(size)])
        columns[name] = pa.DictionaryArray.from_arrays(codes[name].astype(np.int32), words).cast(pa.string())
    for name, values in zip(NUMBERS, numbers, strict=True):
        columns[name] = pa.array(values)
    for i, name in enumerate(WORDS):
        words = pa.array([f"w{j:02}" for j in range(4 + 2 * i)])
        chosen = np.minimum(rng.geometric(0.2, n) - 1, len(words) - 1).astype(np.int32)
        columns[name] = pa.DictionaryArray.from_arrays(chosen, words).cast(pa.string())
    return pa.RecordBatch.from_pydict(columns)


def _groups(n: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return codes of groups of unequal size: the smallest has about a fiftieth of the largest."""
    share = 1 / np.arange(1, size + 1)
    return rng.choice(size, n, p=share / share.sum())


if __name__ == "__main__":
    write(Path(sys.argv[2]), int(sys.argv[1]), reference="--reference" in sys.argv)
