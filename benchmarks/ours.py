"""govern's side of each job: read, count, measure, with every interval. ``TEST REFERENCE JOB``.

The reference's cells are stored beside it, as its snapshot does, so only the test file is read.
"""

from __future__ import annotations

import sys
from pathlib import Path

from _job import ATTRIBUTES, FEATURES, LABEL, SCORE, THRESHOLD, job

from govern import study
from govern.checks import catalogue
from govern.evaluate import measure
from govern.inputs import Inputs
from govern.project import Data
from govern.scan import stored
from govern.scan.local import scan
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


def main() -> None:
    test, cells, name = Path(sys.argv[1]), beside(Path(sys.argv[2])), sys.argv[3]
    names = [n for n in catalogue.names() if n.startswith(JOBS[name]) and n not in LEFT_OUT]
    checks = [c for c in map(catalogue.load, names) if not OTHERS & set(c.inputs)]
    declared = Data(label=LABEL, score=SCORE, features=FEATURES, groups={a: a for a in ATTRIBUTES})

    def run() -> int:
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

    job(run)


if __name__ == "__main__":
    main()
