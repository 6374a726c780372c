"""Check ``data.missingness``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govern.types import Measurement, Role

if TYPE_CHECKING:
    from govern.scan.dataset import Data


def missingness(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Largest share of missing values among the model's inputs.

    Why: A value that is not there is filled in by a rule, and where that happens often the model speaks for the rule
        and not for the patient. Whether a test is ordered is itself a sign of illness.
    How: The share of test rows in which a feature is missing, for the feature with the largest (0 to 1), with Wilson's
        95 % interval; where patients repeat, on the effective number of rows of Korn and Graubard, or of Kish above
        20,000 rows, which is the cautious end. The details list every feature, with its share in the reference dataset
        and the difference where that is declared.
    Limits: A code that stands for missing (-9, 999, "unknown") counts as a value. The interval is that of one feature
        and not adjusted for having picked the largest.
    Fix: Find out why the value is missing; drop the feature, or validate the model on patients with and without it.
    See: Sterne JAC et al. BMJ 338:b2393, 2009; Wilson EB. JASA 22:209, 1927; Korn EL, Graubard BI. Survey Methodology
        24:193, 1998.
    """
    from govern.checks.drift._features import column

    n = test.rows
    if not test.features:
        return Measurement.unknown(
            n=n,
            method="Wilson",
            message="no model features are declared, so none was looked at",
        )
    reference = datasets.get(Role.REFERENCE)
    listed: list[dict[str, Any]] = []
    for name in test.features:
        entry: dict[str, Any] = {"feature": name, "test": column(test, name, "test").missing / n}
        if reference is not None:
            entry["reference"] = column(reference, name, "reference").missing / reference.rows
            entry["difference"] = entry["test"] - entry["reference"]
        listed.append(entry)
    listed.sort(key=lambda e: (-e["test"], e["feature"]))
    worst = listed[0]
    lower, upper, method = _interval(test, worst["feature"], worst["test"])
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


def _interval(test: Data, feature: str, share: float) -> tuple[float, float, str]:
    """Return the interval of a share and how it was made."""
    from govern.stats.clusters import effective, repeated
    from govern.stats.drift import effective_size
    from govern.stats.proportion import wilson

    n = test.rows
    patient = repeated(test.patients)
    if patient is None:
        return (*wilson(share * n, n), "Wilson")
    if len(test.sample) == n:
        hit, size = effective(test.sample[feature].isna().to_numpy(dtype=bool), patient)
        return (*wilson(hit, size), "Wilson on the Korn-Graubard effective size")
    size = effective_size(test.patients, n)
    return (*wilson(share * size, size), "Wilson on Kish's effective size")
