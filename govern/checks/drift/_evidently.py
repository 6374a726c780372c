"""Evidently, all of it in one place: tables in, numbers and a page out, so that it can run in a process of its own."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    import pandas as pd

METHODS = {True: "wasserstein", False: "jensenshannon"}
#: The report's own program takes 3.6 MB, and each feature about 60 kB.
_LARGEST = 5_000_000
_MOST = 16
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|metric_[0-9a-f]{32}")


def distances(reference: pd.DataFrame, current: pd.DataFrame, threshold: float) -> dict[str, float]:
    """Return Evidently's distance of each column of two tables with the same columns, by its own report.

    Columns of float64 are numbers (Wasserstein distance, normed), all others categories (Jensen-Shannon distance).
    Missing values are left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Evidently's own, from its imports and from empty histogram bins
        from evidently.metrics import ValueDrift

        # Columns are numbered: Evidently would read a name such as "a,b" as two.
        numbers = {str(i): name for i, name in enumerate(reference.columns)}
        drift = [
            ValueDrift(column=i, method=METHODS[_numeric(reference, name)], threshold=threshold)
            for i, name in numbers.items()
        ]
        run = _run(drift, reference.set_axis(list(numbers), axis=1), current.set_axis(list(numbers), axis=1))
    found = {entry["config"]["column"]: float(entry["value"]) for entry in run.dict()["metrics"]}
    return {name: found[i] for i, name in numbers.items()}


def page(reference: pd.DataFrame, current: pd.DataFrame, threshold: float, *, first: list[str]) -> bytes:
    """Return Evidently's data drift report of two tables as one HTML page of at most 5 MB that needs no network.

    ``first`` are the columns in the order in which they matter: of 16, and of fewer where the page would be larger,
    the distributions are drawn. Equal arguments give equal bytes: the report's random identifiers are replaced.
    """
    shown = first[:_MOST]
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from evidently.presets import DataDriftPreset

            named = {name: f"{i}: {name.replace(',', ' ')}" for i, name in enumerate(shown, 1)}
            preset = DataDriftPreset(
                columns=list(named.values()),
                num_method=METHODS[True],
                cat_method=METHODS[False],
                num_threshold=threshold,
                cat_threshold=threshold,
                include_tests=False,
            )
            sides = (side[shown].rename(columns=named) for side in (reference, current))
            html = _run([preset], *sides).get_html_str(as_iframe=False)
        made: bytes = _repeatable(html).encode()
        if len(made) <= _LARGEST or len(shown) == 1:
            return made
        shown = shown[: len(shown) // 2]


def _numeric(frame: pd.DataFrame, name: str) -> bool:
    return frame[name].dtype.kind == "f"


def _run(metrics: list[Any], reference: pd.DataFrame, current: pd.DataFrame) -> Any:
    from evidently import DataDefinition, Dataset, Report

    definition = DataDefinition(
        numerical_columns=[c for c in reference.columns if _numeric(reference, c)],
        categorical_columns=[c for c in reference.columns if not _numeric(reference, c)],
    )
    sides = (Dataset.from_pandas(side, data_definition=definition) for side in (current, reference))
    return Report(metrics).run(*sides)


def _repeatable(html: str) -> str:
    """Replace random identifiers by ones that depend on nothing but their order."""
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        old = match.group()
        if old not in names:
            new = uuid5(NAMESPACE_URL, f"govern:evidently:{len(names)}")
            names[old] = f"metric_{new.hex}" if old.startswith("metric_") else str(new)
        return names[old]

    return _RANDOM.sub(name, html)
