"""Check ``drift.prediction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores


def prediction(
    scores: Scores, reference_scores: NDArray[np.float64], *, bins: int = 10, chance: float = 0.1
) -> Measurement:
    """Shift of the predicted risk (population stability index).

    Why: A shift of many inputs that is small in each may still move the risk that patients are given, and with it how
        many are flagged.
    How: The model's risks for all rows of the reference and the test dataset, in the cells of `drift.psi`: up to
        `bins` of equal mass in the reference, or one for each of its values if it has no more; and cells for what
        the reference never has, below, above and between. The estimate is the index less what identical populations
        give on average, not below 0 (in nats). The 95 % interval inverts the non-central chi-square distribution of
        the index. Where patients repeat in the test dataset, Kish's effective size stands for its rows.
    Limits: Labels are not looked at: a shifted risk may be right, and a steady one wrong. A shift inside a cell is not
        seen; where most of the reference is tied at one risk and the rest takes many, the rest has few cells.
        Patients that repeat in the reference are counted as if they did not. Inconclusive if identical populations
        would show an index above `chance` in 1 of 20 windows of this size, or if all risks lie in one cell.
    Fix: Compare the inputs (`drift.psi`) and the calibration; check that both datasets were scored by this model.
    See: Yurdakul B, Naranjo J. Statistical properties of the population stability index. Journal of Risk Model
        Validation 14(4), 2020.
    """
    from govern.stats.drift import effective_size, filled, into, numeric_edges, stability_index

    if reference_scores.size == 0:
        return Measurement.unknown(
            n=scores.n,
            method="PSI",
            message="the reference dataset has no scores",
        )
    value, count = np.unique(reference_scores, return_counts=True)
    ranked = scores.ranked
    edges = numeric_edges(value, count, bins)
    then, now = into(edges, value, count), into(edges, ranked.score, ranked.weights)
    cells = filled(then, now)
    n, m = effective_size(scores.patient, scores.n), float(len(reference_scores))
    index = stability_index(then, now, n_reference=m, n_current=n)
    message = f"PSI {index.raw:.3f}, of which {index.chance:.3f} is chance"
    if index.chance_limit > chance:
        message += f"; identical populations would reach {index.chance_limit:.3f} in windows of this size"
    if cells < 2:
        return Measurement.unknown(
            n=scores.n,
            method="PSI",
            message="all risks lie in one cell, in which no shift can be seen",
        )
    bounds = [0.0, *np.clip(edges, 0, 1).tolist(), 1.0]
    shares = zip(bounds[:-1], bounds[1:], then / then.sum(), now / now.sum(), strict=True)
    return Measurement(
        estimate=index.estimate,
        lower=index.lower,
        upper=index.upper,
        n=scores.n,
        support=int(min(n, m)),
        method=f"PSI on {cells} cells, non-central chi-square interval",
        sufficient=index.chance_limit <= chance,
        message=message,
        details={
            "raw": index.raw,
            "chance": index.chance,
            "chance_limit": index.chance_limit,
            "bins": [
                {"lower": low, "upper": high, "reference": p, "current": q} for low, high, p, q in shares if p or q
            ],
        },
    )
