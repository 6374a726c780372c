"""How poor the fit of risks to outcomes is, group of risk by group of risk."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

from govern.checks.calibration._evidence import counts, too_little
from govern.stats.clusters import repeated
from govern.stats.hosmer_lemeshow import hosmer_lemeshow as compare
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

#: Expected counts below which the statistic does not follow a chi-square distribution (Cochran 1954).
_LEAST_EXPECTED = 1.0


def hosmer_lemeshow(scores: Scores, *, groups: int = 10) -> Measurement:
    """Hosmer-Lemeshow misfit: standardised distance of observed and expected events in groups of risk.

    Why: The test that most reviewers know. Its p-value is no criterion, though: it passes any model on few rows
        and fails any model on many. So the estimate here is the misfit epsilon, which does not depend on the
        number of rows; chi-square, degrees of freedom and p stand in `details` and in the message.

    How: Rows are cut at the quantiles of the scores into `groups` groups (10: deciles of risk; interpolated
        quantiles, closed above, as in `ResourceSelection::hoslem.test`; equal quantiles merge groups).
        Chi-square is the sum of (observed - expected)^2 / expected over events and non-events of the groups,
        with as many degrees of freedom as groups, since nothing was fitted to these rows (two fewer is for the
        data a model was fitted to). Epsilon = sqrt((chi-square - its mean by noise alone) / n), not below 0: 0 is
        perfect (Nattino 2020). 95 % interval by inverting a non-central chi-square distribution, scaled to the
        variance that the groups' rates show, between patients where they repeat (Satterthwaite); the chi-square
        and p that are shown are then divided by, and computed from, the mean design effect (Rao and Scott).
        Support is the smaller of events and non-events, counted in patients where they repeat.

    Limits: Depends on the grouping, and says neither where nor in which direction risks are wrong: see the
        slope and the plot. No verdict where fewer than one event or non-event is expected in a group, for then
        chi-square does not follow its distribution. There is no number where something happens whose risk
        was exactly 0. Of rows so many that they are reduced to cells, groups end where a cell does: one row in 8,000
        may then be its neighbour's (docs/statistics.md).

    Fix: Look at the groups in `details` and recalibrate on data that is not the test set; with expected
        counts that are too small use fewer groups.

    See: Hosmer and Lemeshow, Commun Stat Theory Methods 1980;9:1043; Nattino, Pennell and Lemeshow, Biometrics
        2020;76:549; Rao and Scott, JASA 1981;76:221; docs/statistics.md.
    """
    rows = scores.ranked
    patient = repeated(rows.patient)
    method = f"Hosmer-Lemeshow, {groups} groups by quantiles of risk; scaled non-central chi-square interval"
    method += "" if patient is None else ", variance between patients"
    if message := too_little(scores):
        return Measurement.unknown(method=method, message=message, **counts(scores))
    found = compare(rows.label, rows.score, groups, patient, rows.weight)
    bins = [
        {"n": int(n), "events": int(observed), "expected": float(expected)}
        for n, observed, expected in zip(found.rows, found.observed, found.expected, strict=True)
    ]
    if isinf(found.statistic):
        message = "an outcome happened in a group in which every risk rules it out: chi-square is infinite"
        return Measurement.unknown(method=method, message=message, details={"groups": bins}, **counts(scores))
    message = f"chi-square {found.statistic:.4g} on {found.freedom} degrees of freedom, p {found.p:.2g}"
    thin = found.smallest < _LEAST_EXPECTED
    if thin:
        message += f"; only {found.smallest:.2g} events or non-events are expected in a group, where 1 is the least"
    return Measurement(
        estimate=found.misfit,
        lower=found.lower,
        upper=found.upper,
        method=method,
        sufficient=not thin,
        message=message,
        details={
            "chi_square": found.statistic,
            "degrees_of_freedom": found.freedom,
            "p": found.p,
            "design_effect": found.design,
            "groups": bins,
        },
        **counts(scores),
    )
