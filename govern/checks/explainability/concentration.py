"""Check ``explainability.concentration``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.checks.inputs import Attributions
    from govern.scan.dataset import Data


def concentration(
    attributions: Attributions, test: Data, seed: int, *, rows: int = 200, background: int = 25
) -> Measurement:
    """Largest share of the model's attributions that one input holds.

    Why: A model that rests on one column often rests on a leak: something recorded because of the outcome, or after
        it. It looks excellent in development and fails at the bedside.
    How: SHAP (permutation explainer, units of risk) of `rows` test rows against `background` background rows. Each
        feature's share is its mean absolute attribution over the sum of all (0 to 1). The 95 % interval is a percentile
        bootstrap of 1000 over the explained patients, each with all of their rows; the upper bound is the largest of
        all features, so that it holds whichever feature leads.
    Limits: A leak that is spread over several columns has a smaller share in each. A large share is a question to
        clinicians and not a proof: age may rightly dominate. The background's sampling error is not in the
        interval; `explainability.stability` shows it. Fewer than 20 explained patients are inconclusive.
    Fix: Ask when and why the leading column is recorded; drop it if it is not known at the moment of prediction, and
        fit again.
    See: Kaufman S et al. Leakage in data mining. ACM TKDD 6(4), 2012; Lundberg SM, Lee SI. NeurIPS 2017.
    """
    from govern.checks.explainability._importance import FEW, bounds, count, mean_abs, patients, ranked, shares

    draw = attributions.draw(rows=rows, background=background, seed=seed)
    n, method = len(draw.scores), "largest share of mean absolute SHAP value, bootstrap over patients"
    if mean_abs(draw).sum() == 0:
        return Measurement.unknown(
            n=n,
            method=method,
            message="no input changes the model's risk, so there is nothing to attribute",
        )
    patient = patients(test, draw)
    share, again = shares(draw, patient, seed)
    low, high = bounds(again)
    listed = ranked(draw.features, share=share, lower=low, upper=high)
    support = count(draw, patient)
    return Measurement(
        estimate=listed[0]["share"],
        lower=listed[0]["lower"],
        upper=float(high.max()),
        n=n,
        support=support,
        method=method,
        sufficient=support >= FEW,
        message=f"{listed[0]['feature']} holds {listed[0]['share']:.0%} of the attributions",
        details={"features": listed, "worst": listed[0]["feature"]},
    )
