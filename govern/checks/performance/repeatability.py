"""How far the model's answers for one patient lie apart when it is asked again."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.clusters import repeated, totals
from govern.stats.proportion import quantile
from govern.stats.variance_components import Components, components
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores


def repeatability(scores: Scores, *, relative: bool = False) -> Measurement:
    """Repeatability: the standard deviation of repeated scores of one patient.

    Why: A second image, a second blood sample or a second operator must not change what a patient is told. If
        readings of one patient scatter as widely as patients differ, no threshold separates them.

    How: One-way random-effects analysis of variance with the patient as the random factor. Measured is the
        square root of the mean square within patients, in units of the score (0 to 1), with the 95 % chi-square
        interval of its degrees of freedom; with `relative: true` it is the coefficient of variation, 100 times
        that over the mean score, in %. `details` hold both, the repeatability coefficient (two readings of
        one patient differ by less in 95 %), the standard deviation between patients and the intraclass
        correlation with Shrout and Fleiss' F interval. A patient with a single reading says nothing of the
        scatter within patients and is counted. Support is the number of patients with several readings.

    Limits: The rows of a patient must be readings of one state, under the conditions that are to be varied: where
        they are visits at which the patient changed, the figure holds the change too. The interval supposes
        normal errors of one size; scores near 0 or 1 scatter less. The relative interval takes the mean as known.

    Fix: Find what differs between readings: acquisition, site, operator, missing inputs. Average several
        readings, or fix their conditions in the instructions for use.

    See: Bland and Altman, BMJ 1996;312:1654; CLSI EP05-A3; Shrout and Fleiss, Psychol Bull 1979;86:420;
        docs/statistics.md.
    """
    method = "one-way random effects, within patients; chi-square interval"
    patient = repeated(scores.patient)
    counts: dict[str, Any] = {"n": scores.n, "events": scores.events, "method": method}
    if patient is None:
        return Measurement.unknown(message="no patient has repeated readings", support=0, **counts)
    readings = totals(np.ones(scores.n), patient)
    counts["support"] = several = int((readings > 1).sum())
    if len(readings) < 2:
        return Measurement.unknown(message="there is one patient", **counts)
    found, mean = components(scores.score, patient), float(scores.score.mean())
    sd, known = sqrt(found.within), found.within > 0
    low, high = found.within_limits() if known else (None, None)
    scale = 1.0 if not relative else 100 / mean if mean > 0 else None
    if scale is None:
        return Measurement.unknown(message="every score is 0: no coefficient of variation", **counts)
    return Measurement(
        estimate=scale * sd,
        lower=None if low is None else scale * low,
        upper=None if high is None else scale * high,
        sufficient=known,
        message="" if known else "all readings of each patient agree: are they readings, or copies of one row?",
        details={
            "sd": sd,
            "cv_percent": 100 * sd / mean if mean > 0 else None,
            "repeatability_coefficient": quantile(0.95) * sqrt(2) * sd,
            "degrees_of_freedom": found.within_freedom,
            "mean": mean,
            "patients_with_one_reading": len(readings) - several,
            **_between(found),
        },
        **counts,
    )


def _between(found: Components) -> dict[str, Any]:
    total = found.between_variance + found.within
    low, high = found.correlation_limits() if found.within > 0 else (None, None)
    correlation = found.between_variance / total if total > 0 else None
    return {
        "between_sd": sqrt(found.between_variance),
        "intraclass_correlation": {"estimate": correlation, "lower": low, "upper": high},
    }
