"""Batches of rows, with a progress bar once it takes long and somebody is looking."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

#: Rows a batch: keeps memory flat on tables of millions of rows.
BATCH = 10_000
#: Seconds before a bar is worth its place.
PATIENCE = 2.0


def batches(rows: int) -> Iterator[slice]:
    """Yield the slices of ``rows`` rows; the bar goes to standard error, and only to a terminal."""
    started = time.monotonic()
    bar = task = None
    try:
        for start in range(0, rows, BATCH):
            if bar is None and time.monotonic() - started > PATIENCE and sys.stderr.isatty():
                from rich.console import Console
                from rich.progress import Progress

                bar = Progress(console=Console(stderr=True), transient=True)
                task = bar.add_task("scoring", total=rows)
                bar.start()
            if bar is not None and task is not None:
                bar.update(task, completed=start)
            yield slice(start, min(start + BATCH, rows))
    finally:
        if bar is not None:
            bar.stop()
