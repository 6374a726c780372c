"""Check ``explainability.protected_share``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.errors import PolicyError
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.checks.inputs import Attributions
    from govern.scan.dataset import Data


def protected_share(
    attributions: Attributions,
    test: Data,
    seed: int,
    *,
    protected: list[str] = [],  # noqa: B006 - a policy's default is read, never written to
    rows: int = 200,
    background: int = 25,
) -> Measurement:
    """Share of the model's attributions that the protected attributes hold together.

    Why: A model that takes a patient's race or sex as an input may give two patients who differ in nothing else two
        risks. Sometimes that is right (sex in a risk of breast cancer); it must then be known, be small enough to be
        defended, and be said.
    How: SHAP (permutation explainer, units of risk) of `rows` test rows against `background` background rows. The
        estimate is the sum of the mean absolute attributions of the columns in `protected` over that of all inputs
        (0 to 1). The 95 % interval is a percentile bootstrap of 1000 over the explained patients, each with all of
        their rows. A protected column that is no input of the model holds nothing: where none is, the share is
        exactly 0, and the message says why.
    Limits: Only what the model is given by name. Other inputs may carry the same information (a postcode, a referral
        path, an assay that is corrected for race), and a share of 0 is no proof of equal treatment: the bias
        family measures outcomes. Attributions of inputs that go together depend on the background. Fewer than 20
        explained patients are inconclusive.
    Fix: Leave the attribute out and compare performance by group, or state the clinical reason for it in the intended
        use.
    See: Vyas DA, Eisenstein LG, Jones DS. Hidden in plain sight: race correction in clinical algorithms. NEJM
        383:874, 2020; Lundberg SM, Lee SI. NeurIPS 2017.
    """
    from govern.checks.explainability._importance import FEW, bounds, count, mean_abs, patients, ranked, shares
    from govern.strict_yaml import nearest

    if not protected:
        raise PolicyError("explainability.protected_share: `protected` names no column", hint="protected: [sex, race]")
    for name in protected:
        if name not in test.sample.columns:
            raise PolicyError(
                f"explainability.protected_share: the test data has no column {name!r}",
                hint=nearest(name, map(str, test.sample.columns)),
            )
    draw = attributions.draw(rows=rows, background=background, seed=seed)
    n, method = len(draw.scores), "share of mean absolute SHAP value, bootstrap over patients"
    held = np.isin(draw.features, protected)
    if mean_abs(draw).sum() == 0:
        reason = "no input changes the model's risk, so there is nothing to attribute"
        return Measurement.unknown(n=n, method=method, message=reason)
    patient = patients(test, draw)
    share, again = shares(draw, patient, seed)
    estimate, (lower, upper) = float(share[held].sum()), bounds(again[:, held].sum(axis=1))
    low, high = bounds(again)
    support = count(draw, patient)
    absent = sorted(set(protected) - set(draw.features))
    message = f"{', '.join(protected)} hold {estimate:.1%} of the attributions"
    if absent:
        message += f"; not an input of the model, and so without a share: {', '.join(absent)}"
    return Measurement(
        estimate=estimate,
        lower=min(float(lower), estimate),
        upper=max(float(upper), estimate),
        n=n,
        support=support,
        method=method,
        sufficient=support >= FEW,
        message=message,
        details={"features": ranked(draw.features, share=share, lower=low, upper=high), "absent": absent},
    )
