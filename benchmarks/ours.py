"""govern's side of each job: read, count, measure, with every interval. ``TEST REFERENCE JOB``.

The reference's cells are stored beside it, as its snapshot does, so only the test file is read.
"""

from __future__ import annotations

import sys
from pathlib import Path

from _job import ATTRIBUTES, FEATURES, LABEL, SCORE, THRESHOLD, job

from govern.checks import catalogue
from govern.evaluate import measure
from govern.inputs import Inputs
from govern.project import Data
from govern.scan import stored
from govern.scan.local import Scan, scan
from govern.scan.request import Columns
from govern.types import Role

#: By name, or by family; without what works on declared samples of rows, on a model, or on another task.
EVERYTHING = ("performance.", "bias.", "calibration.", "drift.", "data.")
LEFT_OUT = {"drift.features", "drift.domain_classifier", "performance.repeatability", "performance.auroc_difference"}
JOBS = {
    "everything": EVERYTHING,
    "drift": ("drift.psi", "drift.ks", "drift.jensen_shannon", "drift.wasserstein", "drift.missingness"),
    "groups": ("performance.ppv", "performance.sensitivity", "performance.specificity", "bias.demographic_parity"),
    "crosstabs": ("performance.ppv", "performance.npv", "performance.sensitivity", "performance.specificity"),
    "bootstrap": ("performance.auroc", "performance.auprc", "performance.brier"),
}
GROUPED = {"everything", "groups", "crosstabs"}


def columns(name: str, grids: dict[str, object]) -> Columns:
    wanted = FEATURES if name in ("everything", "drift") else []
    return Columns(
        label=LABEL,
        features=tuple(wanted),
        groups={a: a for a in ATTRIBUTES} if name in GROUPED else {},
        carried=(LABEL, SCORE, *(ATTRIBUTES if name in GROUPED else ())),
        counted=None if wanted else (),
        grids=grids,
    )


def reference(path: Path) -> Scan:
    """Return the reference as its stored cells have it."""
    beside = path.with_suffix(".cells")
    if not beside.is_file():
        made = scan(path, Columns(label=LABEL, features=tuple(FEATURES), groups={a: a for a in ATTRIBUTES}))
        stored.write(beside, made.data, path.name)
    return beside


def main() -> None:
    test, other, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    beside = reference(other)
    names = [n for n in catalogue.names() if n.startswith(JOBS[name]) and n not in LEFT_OUT]
    checks = [catalogue.load(n) for n in names]
    checks = [c for c in checks if not {"classes", "values", "survival", "comparator", "population"} & set(c.inputs)]

    def run() -> int:
        then = stored.read(beside, other.name)
        grids = {n: c.grid for n, c in then.items() if c.grid is not None}
        scans = {Role.TEST: scan(test, columns(name, grids)), Role.REFERENCE: stored.as_scan(then, FEATURES, LABEL)}
        declared = Data(label=LABEL, score=SCORE, features=FEATURES, groups={a: a for a in ATTRIBUTES})
        inputs = Inputs(declared=declared, scans=scans, seed=1, thresholds=[THRESHOLD])
        done = 0
        for check in checks:
            given = {"threshold": THRESHOLD} if "threshold" in check.params else {}
            by = [*([] if check.grouped else [None]), *(ATTRIBUTES if name in GROUPED and _by(check) else [])]
            done += sum(len(measure(check, inputs, by=attribute, **given)) for attribute in by)
        return done

    job(run)


def _by(check: catalogue.Check) -> bool:
    return check.sliceable or check.grouped


if __name__ == "__main__":
    main()
