"""Whether who is at higher risk has the event sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.stats.clusters import repeated, units
from govern.stats.concordance import harrell
from govern.stats.scale import on_logit
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.outcomes import Survival


def concordance(survival: Survival) -> Measurement:
    """Concordance: the probability that of two patients the one at higher risk has the event first (Harrell's C).

    Why: What the area under the ROC curve is for yes or no, for a time that may be censored: 0.5 is chance, 1
        is perfect order.

    How: Over all pairs of which the earlier time is an event (at equal times an event comes before a censored
        row, and two events are not compared), the share in which that row has the higher risk, ties in risk
        counting half; exact, by sorting. Variance by the infinitesimal jackknife (Therneau and Watson 2015),
        times n/(n-1); where a patient has several rows, between patients. 95 % t interval on the logit scale.
        `details` count concordant, discordant and tied pairs. Support counts events, in patients where they
        repeat.

    Limits: Depends on how long and how completely patients were followed: censoring decides which pairs can
        be compared, so values from cohorts with other follow-up are not comparable. Says nothing about
        calibration, nor about ranking at one horizon. Competing events that are taken for censoring make it
        too favourable.

    Fix: Look for inputs that the model lacks or that are measured badly in the group that falls short. If it
        is below 0.5, look whether a higher score means a longer time: a risk must be higher for sooner.

    See: Harrell et al., JAMA 1982;247:2543; Harrell, Lee and Mark, Stat Med 1996;15:361; Therneau and Watson,
        Mayo Clinic technical report 85, 2015; docs/statistics.md.
    """
    patient, event = repeated(survival.patient), survival.event == 1
    facts: dict[str, Any] = {
        "n": survival.n,
        "events": survival.events,
        "support": units(event, patient),
        "method": "Harrell's C; infinitesimal jackknife, t interval on the logit scale"
        + ("" if patient is None else ", clustered by patient"),
    }
    found = harrell(survival.time, survival.event, survival.risk) if survival.n else None
    if found is None:
        return Measurement.unknown(
            message=f"no event is followed by another time among {survival.n} rows: there is no pair to compare",
            **facts,
        )
    half = found.half_width(patient)
    known = half is not None and 0 < found.estimate < 1
    lower, upper = on_logit(found.estimate, half) if half is not None and known else (None, None)
    return Measurement(
        estimate=found.estimate,
        lower=lower,
        upper=upper,
        sufficient=known,
        message="" if known else _degenerate(found.estimate),
        details={"concordant": found.concordant, "discordant": found.discordant, "tied_risk": found.tied_risk},
        **facts,
    )


def _degenerate(estimate: float) -> str:
    if estimate in (0.0, 1.0):
        return "the risks order all events perfectly: rule out that the outcome leaks into the inputs; no interval"
    return "all pairs are tied, or there is one patient: the risks show no variance, so there is no interval"
