"""What is timed: each job of a peer, the job of govern that answers the same question, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass

#: Rows -> how they are written.
SIZES = {100_000: "100 k", 1_000_000: "1 M", 10_000_000: "10 M"}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One script in one environment on one size. ``extra`` are arguments after the two files."""

    who: str
    script: str
    rows: int
    environment: str
    extra: tuple[str, ...] = ()
    #: What was asked, the same words for a peer and for govern.
    what: str = ""
    limit: int = 600

    @property
    def id(self) -> str:
        """A name that no other job has."""
        return f"{self.who} | {self.what} | {self.rows}"


def _ours(what: str, job: str, rows: int) -> Job:
    return Job(who="govern", script="ours.py", rows=rows, environment="govern", extra=(job,), what=what)


def _peer(who: str, environment: str, script: str, what: str, rows: int, *extra: str, limit: int = 600) -> Job:
    return Job(
        who=who, script=f"peers/{script}", rows=rows, environment=environment, extra=extra, what=what, limit=limit
    )


DRIFT = "drift of 50 features"
GROUPS = "group metrics, 4 attributes"
INTERVALS = "group metrics with intervals"
BOOTSTRAP = "AUROC and Brier, 1,000 replicates"
CROSSTABS = "group crosstabs"
EVERYTHING = "everything"
SCAN = "bare scan of one file"
SUITES = "validation suites"

JOBS = [
    *(_ours(EVERYTHING, "everything", rows) for rows in SIZES),
    *(_peer(e, "bare", "bare_scan.py", SCAN, rows, e) for e in ("duckdb", "polars", "pyarrow") for rows in SIZES),
    *(_ours(DRIFT, "drift", rows) for rows in SIZES),
    *(_peer("Evidently", "evidently", "evidently_drift.py", DRIFT, rows) for rows in (100_000, 1_000_000)),
    *(_ours(GROUPS, "groups", rows) for rows in (100_000, 1_000_000)),
    *(_peer("Fairlearn", "fairlearn", "fairlearn_groups.py", GROUPS, rows) for rows in (100_000, 1_000_000)),
    _ours(INTERVALS, "groups", 100_000),
    _peer("Fairlearn", "fairlearn", "fairlearn_groups.py", INTERVALS, 100_000, "3"),
    *(_ours(BOOTSTRAP, "bootstrap", rows) for rows in (100_000, 1_000_000)),
    _peer("scikit-learn", "fairlearn", "sklearn_bootstrap.py", BOOTSTRAP, 100_000, "20"),
    _peer("scikit-learn", "fairlearn", "sklearn_bootstrap.py", BOOTSTRAP, 1_000_000, "5"),
    *(_ours(CROSSTABS, "crosstabs", rows) for rows in (100_000, 1_000_000)),
    *(_peer("Aequitas", "aequitas", "aequitas_crosstabs.py", CROSSTABS, rows) for rows in (100_000, 1_000_000)),
    *(_peer("numpy, by rows", "govern", "numpy_rows.py", EVERYTHING, rows) for rows in (100_000, 1_000_000)),
    _peer("Deepchecks", "deepchecks", "deepchecks_suites.py", SUITES, 100_000),
]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A ratio of two medians of one run, and what was aimed at: at least (``faster``) or at most so many times."""

    text: str
    ours: tuple[str, int]
    theirs: tuple[str, str, int]
    aim: float
    faster: bool = True


TARGETS = [
    Target(
        text="drift, 1 M, against Evidently's preset",
        ours=(DRIFT, 1_000_000),
        theirs=("Evidently", DRIFT, 1_000_000),
        aim=200,
    ),
    Target(
        text="group metrics, 1 M, against Fairlearn on rows",
        ours=(GROUPS, 1_000_000),
        theirs=("Fairlearn", GROUPS, 1_000_000),
        aim=300,
    ),
    Target(
        text="group metrics with intervals, 100 k, against Fairlearn `n_boot=1000`",
        ours=(INTERVALS, 100_000),
        theirs=("Fairlearn", INTERVALS, 100_000),
        aim=5000,
    ),
    Target(
        text="AUROC and Brier, 1,000 replicates, 1 M, against scikit-learn",
        ours=(BOOTSTRAP, 1_000_000),
        theirs=("scikit-learn", BOOTSTRAP, 1_000_000),
        aim=500,
    ),
    Target(
        text="group crosstabs, 1 M, against Aequitas",
        ours=(CROSSTABS, 1_000_000),
        theirs=("Aequitas", CROSSTABS, 1_000_000),
        aim=2,
    ),
    *(
        Target(
            text=f"everything, {SIZES[rows]}, against the fastest bare scan",
            ours=(EVERYTHING, rows),
            theirs=("bare", SCAN, rows),
            aim=aim,
            faster=False,
        )
        for rows, aim in ((10_000_000, 2), (1_000_000, 4))
    ),
]
