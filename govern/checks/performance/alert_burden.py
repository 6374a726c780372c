"""How many alarms the people who use the model will see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from govern.checks.performance._proportion import share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def alert_burden(
    scores: Scores, *, threshold: float = 0.5, per: int = 100, interval: Literal["wilson", "clopper-pearson"] = "wilson"
) -> Measurement:
    """Alert burden: alarms per 100 patients.

    Why: Every alarm takes somebody's time, and too many are ignored. A ward that knows how many it will see,
        and how many must be looked at to find one event, can say whether it can act on them.

    How: Rows with a score at or above `threshold`, divided by all rows (`n` and support), times `per`. 95 %
        interval by Wilson's score method, or Clopper-Pearson by `interval: clopper-pearson`. Where a patient has
        several rows the interval is that of the effective sample size (Korn and Graubard 1998), and
        support counts patients. `details` hold the number needed to evaluate, flagged rows per event among
        them (the inverse of the positive predictive value and of its limits), and natural frequencies: of 1,000
        such rows, how many are flagged with and without the event, missed, and left in peace.

    Limits: Counts rows: where a patient is scored every hour it is alarms per hundred scorings. Holds at
        the prevalence of this test set, and says nothing of alarms that repeat what is known already.

    Fix: Raise the threshold and look at what it costs in sensitivity, or silence repeated alarms.

    See: Wilson 1927; Romero-Brufau et al., Crit Care 2015;19:285 (number needed to evaluate); Gigerenzer et al.,
        Psychol Sci Public Interest 2007;8:53 (natural frequencies); docs/statistics.md.
    """
    flagged, event = scores.flagged(threshold), scores.label == 1
    alarms = share(scores, flagged, np.ones(len(flagged), dtype=bool), interval=interval, what="rows")
    if alarms.estimate is None:
        return alarms
    scaled = {name: per * getattr(alarms, name) for name in ("estimate", "lower", "upper")}
    details = {
        "per": per,
        "flagged": alarms.details["count"],
        "number_needed_to_evaluate": _evaluated(share(scores, event, flagged, interval=interval, what="alarms")),
        "per_1000": _frequencies(scores, flagged, event),
    }
    return replace(alarms, **scaled, details=details)


def _evaluated(ppv: Measurement) -> dict[str, float | None]:
    """Return the inverse of a positive predictive value and of its limits; ``None`` where there is no inverse."""
    return {
        name: 1 / value if value else None
        for name, value in (("estimate", ppv.estimate), ("lower", ppv.upper), ("upper", ppv.lower))
    }


def _frequencies(scores: Scores, flagged: NDArray[np.bool_], event: NDArray[np.bool_]) -> dict[str, Any]:
    cells = {
        "flagged_with_event": flagged & event,
        "flagged_without_event": flagged & ~event,
        "missed": ~flagged & event,
        "left_in_peace": ~flagged & ~event,
    }
    return {name: 1000 * scores.count(rows) / scores.n for name, rows in cells.items()}
