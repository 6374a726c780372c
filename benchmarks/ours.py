"""govern's side of each job: read, count, measure, with every interval. ``TEST REFERENCE JOB``.

The reference's cells are stored beside it, as its snapshot does, so only the test file is read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from _job import ATTRIBUTES, FEATURES, LABEL, SCORE, THRESHOLD, job
from pyarrow import parquet

from govern import study
from govern.checks import catalogue
from govern.evaluate import measure
from govern.inputs import Inputs
from govern.project import Data
from govern.scan import stored
from govern.scan.local import scan
from govern.scan.reduce import reduce
from govern.scan.request import Columns
from govern.scan.scores import scores
from govern.stats.bootstrap import percentile, replicate_cells
from govern.types import Role

#: By name, or by family; without what works on declared samples of rows, on a model, or on another task.
EVERYTHING = ("performance.", "bias.", "calibration.", "drift.", "data.")
LEFT_OUT = {"drift.features", "drift.domain_classifier", "performance.repeatability", "performance.auroc_difference"}
JOBS = {
    "everything": EVERYTHING,
    "drift": ("drift.psi", "drift.ks", "drift.jensen_shannon", "drift.wasserstein", "drift.missingness"),
    "groups": ("performance.ppv", "performance.sensitivity", "performance.specificity", "bias.demographic_parity"),
    "crosstabs": ("performance.ppv", "performance.npv", "performance.sensitivity", "performance.specificity"),
}
_STRETCHES = 512
#: Inputs of other tasks, and what this workload does not have.
OTHERS = {"classes", "values", "survival", "comparator", "population", "reference_scores"}
GROUPED = {"everything", "groups", "crosstabs"}


def columns(name: str, grids: dict[str, object]) -> Columns:
    wanted = FEATURES if name in ("everything", "drift") else []
    return Columns(
        label=LABEL,
        features=tuple(wanted),
        groups={a: a for a in ATTRIBUTES} if name in GROUPED else {},
        carried=(LABEL, SCORE, *(ATTRIBUTES if name in GROUPED else ())),
        whole=False,
        grids=grids,
    )


def beside(path: Path) -> Path:
    """Return the file of the reference's cells, which its snapshot leaves; made here, before anything is timed."""
    cells = path.with_name(f"{path.name}{stored.SUFFIX}")
    if not cells.is_file():
        made = scan(path, Columns(label=LABEL, features=tuple(FEATURES), groups={a: a for a in ATTRIBUTES}))
        stored.write(cells, made.data, path.name)
    return cells


def bootstrap(test: Path) -> list[float]:
    """Return the limits of 1,000 replicates of AUROC and Brier score, drawn on 512 stretches of the scores."""
    read = scan(test, Columns(label=LABEL, carried=(LABEL, SCORE), whole=False))
    cells = reduce(scores(read.carried[LABEL], read.carried[SCORE].to_numpy())).ranked
    event = cells.label == 1
    stretch = np.minimum((np.cumsum(cells.weights) * _STRETCHES / cells.n).astype(int), _STRETCHES - 1)
    pos, neg = (np.bincount(stretch[on], cells.weights[on], _STRETCHES) for on in (event, ~event))
    error = [
        np.bincount(stretch[on], (cells.weights * (cells.score - cells.label) ** 2)[on], _STRETCHES) / count
        for on, count in ((event, np.maximum(pos, 1)), (~event, np.maximum(neg, 1)))
    ]

    def both(counts: np.ndarray) -> np.ndarray:
        p, n = np.hsplit(counts, 2)
        area = (p * (np.cumsum(n, axis=1) - n / 2)).sum(axis=1) / (p.sum(axis=1) * n.sum(axis=1))
        return area + 1j * (counts @ np.concatenate(error) / counts.sum(axis=1))  # two numbers of one draw

    drawn = replicate_cells(both, np.concatenate([pos, neg]), replicates=1000, seed=1)
    return [*percentile(drawn.real), *percentile(drawn.imag)]


def main() -> None:
    test, cells, name = Path(sys.argv[1]), beside(Path(sys.argv[2])), sys.argv[3]
    if name == "bootstrap":
        job(lambda: bootstrap(test))
        return
    names = [n for n in catalogue.names() if n.startswith(JOBS[name]) and n not in LEFT_OUT]
    checks = [c for c in map(catalogue.load, names) if not OTHERS & set(c.inputs)]
    declared = Data(label=LABEL, score=SCORE, features=FEATURES, groups={a: a for a in ATTRIBUTES})

    def run(test: Path | pa.Table = test) -> int:
        then = study.read(cells, declared, FEATURES, role=Role.REFERENCE)
        grids = study.grids({Role.REFERENCE: then})
        inputs = Inputs(
            declared=declared,
            scans={Role.TEST: scan(test, columns(name, grids)), Role.REFERENCE: then},
            seed=1,
            thresholds=[THRESHOLD],
        )
        done = 0
        for check in checks:
            given = {"threshold": THRESHOLD} if "threshold" in check.params else {}
            by = [] if check.grouped else [None]
            if name in GROUPED and (check.grouped or check.sliceable):
                by += ATTRIBUTES
            done += sum(len(measure(check, inputs, by=attribute, **given)) for attribute in by)
        return done

    # What is imported where it is needed is there from now on.
    run(pa.Table.from_batches([next(parquet.ParquetFile(test).iter_batches(5_000))]))
    job(run)


if __name__ == "__main__":
    main()
