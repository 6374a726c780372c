"""Check ``data.missingness``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govern.types import Measurement, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from govern.checks.inputs import Data


def missingness(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Largest share of missing values among the model's inputs.

    Why: A value that is not there is filled in by a rule, and where that happens often the model speaks for the rule
        and not for the patient. Whether a test is ordered is itself a sign of illness.
    How: The share of test rows in which a feature is missing, for the feature with the largest (0 to 1), with Wilson's
        95 % interval; where patients repeat, on the effective number of rows of Korn and Graubard. The details list
        every feature, with its share in the reference dataset and the difference where that is declared.
    Limits: A code that stands for missing (-9, 999, "unknown") counts as a value. The interval is that of one feature
        and not adjusted for having picked the largest.
    Fix: Find out why the value is missing; drop the feature, or validate the model on patients with and without it.
    See: Sterne JAC et al. BMJ 338:b2393, 2009; Wilson EB. JASA 22:209, 1927; Korn EL, Graubard BI. Survey Methodology
        24:193, 1998.
    """
    from govern.checks.data._identity import patients
    from govern.scan.table import column
    from govern.stats.clusters import effective, repeated
    from govern.stats.proportion import wilson

    n, whose = len(test.frame), patients(test)
    method = "Wilson" if repeated(whose) is None else "Wilson on the Korn-Graubard effective size"
    if not test.features:
        return Measurement.unknown(
            n=n,
            method=method,
            message="no model features are declared, so none was looked at",
        )
    reference = datasets.get(Role.REFERENCE)
    absent: dict[str, NDArray[np.bool_]] = {}
    listed: list[dict[str, Any]] = []
    for name in test.features:
        column(test.frame, name, path="the test dataset")
        absent[name] = test.frame[name].isna().to_numpy(dtype=bool)
        entry: dict[str, Any] = {"feature": name, "test": float(absent[name].mean())}
        if reference is not None:
            column(reference.frame, name, path="the reference dataset")
            entry["reference"] = float(reference.frame[name].isna().mean())
            entry["difference"] = entry["test"] - entry["reference"]
        listed.append(entry)
    listed.sort(key=lambda e: (-e["test"], e["feature"]))
    worst = listed[0]
    hit, size = effective(absent[worst["feature"]], whose)
    lower, upper = wilson(hit, size)
    message = f"{worst['feature']} is missing in {worst['test']:.1%} of the rows"
    if "reference" in worst:
        message += f", in the reference in {worst['reference']:.1%}"
    return Measurement(
        estimate=worst["test"],
        lower=lower,
        upper=upper,
        n=n,
        method=method,
        message=message,
        details={"features": listed, "worst": worst["feature"]},
    )
