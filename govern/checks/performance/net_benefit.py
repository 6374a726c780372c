"""What acting on the model is worth, against treating everybody or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.stats.clusters import repeated, units
from govern.stats.net_benefit import balance
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.scores import Scores

#: Thresholds at which the decision curve is drawn.
_CURVE = np.arange(1, 100) / 100


def net_benefit(scores: Scores, *, threshold: float = 0.5) -> Measurement:
    """Net benefit over the better of treating everybody and treating nobody.

    Why: A model can rank well and be calibrated, and still help no decision: if acting on it does not beat
        the best policy that needs no model, it should not be used at that threshold.

    How: Net benefit is TP/n - FP/n t/(1-t), with t the `threshold` probability (between 0 and 1) at which a
        person would act: the odds t/(1-t) say how many false alarms one event found is worth. Measured is the
        model's minus the larger of treat-all's and treat-none's (0), in net events found per row. Each of the
        two differences is one share of the rows less another, each times its worth, with the MOVER interval of
        their Wilson limits (Zou and Donner 2008), on effective sample sizes and clustered by patient where a
        patient has several rows. The lower limit is the smaller of the two lower limits at 95 %
        (intersection-union), the upper the smaller of the two upper limits at 97.5 % (Bonferroni), so that
        each errs in about 2.5 % or less. `details` hold the decision curve. Support is the smaller of events and
        non-events, counted in patients where they repeat.

    Limits: Belongs to one threshold and to the prevalence of this test set. A miscalibrated model loses benefit that
        recalibration would restore. At a low threshold all rests on the few events below it, at a high one on
        the few flagged.

    Fix: Recalibrate first. If the difference stays negative over the thresholds in the intended use, do not
        act on the model there.

    See: Vickers and Elkin, Med Decis Making 2006;26:565; Vickers et al., BMC Med Inform Decis Mak 2008;8:53;
        Zou and Donner, Stat Med 2008;27:1693; Berger, Technometrics 1982;24:295; docs/statistics.md.
    """
    flagged, event, patient = scores.flagged(threshold), scores.label == 1, repeated(scores.patient)
    rows: dict[str, Any] = {"patient": patient, "weight": scores.weight}
    counts: dict[str, Any] = {
        "n": scores.n,
        "events": scores.events,
        "support": min(units(of, patient, weight=scores.weight) for of in (event, ~event)),
        "method": "net benefit; MOVER of Wilson limits"
        + ("" if patient is None else " on effective sample sizes, clustered by patient"),
    }
    if not counts["support"]:
        missing = "events" if not scores.events else "rows without the event"
        return Measurement.unknown(message=f"no {missing} among {scores.n} rows", **counts)
    odds = threshold / (1 - threshold)
    balances = {
        level: (
            balance(flagged & event, flagged & ~event, gain=1, loss=odds, level=level, **rows),
            balance(~flagged & ~event, ~flagged & event, gain=odds, loss=1, level=level, **rows),
        )
        for level in (0.95, 0.975)
    }
    over_none, over_all = (estimate for estimate, _ in balances[0.95])
    trivial = "everybody" if flagged.all() else "nobody" if not flagged.any() else ""
    return Measurement(
        estimate=min(over_none, over_all),
        lower=min(lower for _, (lower, _) in balances[0.95]),
        upper=min(upper for _, (_, upper) in balances[0.975]),
        message=f"the model flags {trivial}: it is that policy" if trivial else "",
        details={
            "net_benefit": over_none,
            "treat_all": over_none - over_all,
            "standardized": over_none / (scores.events / scores.n),
            "curve": _curve(scores),
        },
        **counts,
    )


def _curve(scores: Scores) -> dict[str, list[float]]:
    """Return the net benefit of the model and of both policies at thresholds from 0.01 to 0.99."""
    rows = scores.ranked
    at = np.searchsorted(rows.score, _CURVE, side="left")  # the first row that is flagged
    event, other = (np.append(0.0, np.cumsum(rows.weights * of)) for of in (rows.label, 1 - rows.label))
    odds = _CURVE / (1 - _CURVE)
    model = (event[-1] - event[at] - odds * (other[-1] - other[at])) / rows.n
    everybody = (event[-1] - odds * other[-1]) / rows.n
    return {
        "threshold": _CURVE.tolist(),
        "model": model.tolist(),
        "treat_all": everybody.tolist(),
        "treat_none": [0.0] * len(_CURVE),
    }
