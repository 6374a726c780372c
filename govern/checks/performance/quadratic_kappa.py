"""Agreement on classes that have an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.stats.agreement import quadratic_kappa as weighted_kappa
from govern.stats.clusters import repeated, units
from govern.stats.scale import on_fisher
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.outcomes import Classes


def quadratic_kappa(classes: Classes) -> Measurement:
    """Quadratic kappa: agreement on ordered classes beyond chance, far misses counting most.

    Why: To call severe disease moderate is a smaller error than to call it absent. This is the usual figure
        for grades and stages, and comparable with the agreement between two physicians.

    How: Cohen's kappa with weights (i - j)^2 of the places of the true and the predicted class in their
        declared order: 1 is perfect, 0 is chance, below 0 worse. Variance by the delta method, which is
        Fleiss, Cohen and Everitt's (1969) times n/(n-1); where a patient has several rows, between patients.
        95 % t interval, symmetric in Fisher's z. `details` hold the share of rows that agree and of those
        that are at most one class off. Support is the smaller of the rows of the commonest true class and of
        all others, in patients where they repeat.

    Limits: Takes neighbouring classes to be equally far apart. Depends on how common the classes are, so
        groups with another case mix are not quite comparable. Raised by a wide spread of cases alone.

    Fix: See in the confusion matrix (balanced accuracy) which classes are confused. If most errors are one
        class off, the border between two classes is the matter: have the reference standard read twice.

    See: Cohen, Psychol Bull 1968;70:213; Fleiss, Cohen and Everitt, Psychol Bull 1969;72:323;
        docs/statistics.md.
    """
    if not classes.ordered:
        raise InputError(
            f"the order of the classes is not declared: {', '.join(classes.names[:6])}",
            hint="declare them: `classes:` in govern.yaml; an alphabetical order would give a wrong figure",
        )
    patient, size = repeated(classes.patient), len(classes.names)
    common = classes.true == (np.bincount(classes.true, minlength=size).argmax())
    facts: dict[str, Any] = {
        "n": classes.n,
        "support": min(units(common, patient), units(~common, patient)),
        "method": "quadratic weights; delta method (Fleiss-Cohen-Everitt), t interval in Fisher's z"
        + ("" if patient is None else ", clustered by patient"),
    }
    found = weighted_kappa(classes.true, classes.predicted, size) if classes.n else None
    if found is None:
        message = "all true and predicted classes are one: no agreement beyond chance is defined"
        return Measurement.unknown(message=message if classes.n else "there are no rows", **facts)
    half = found.half_width(patient)
    lower, upper = (None, None) if half is None else on_fisher(found.estimate, half)
    off = np.abs(classes.true - classes.predicted)
    messages = []
    if half is None:
        messages.append("agreement shows no variance (it is perfect, or there is one patient): no interval")
    if classes.absent:
        messages.append(f"no rows of class {', '.join(classes.absent)}")
    return Measurement(
        estimate=found.estimate,
        lower=lower,
        upper=upper,
        sufficient=half is not None,
        message="; ".join(messages),
        details={"agreement": float((off == 0).mean()), "within_one": float((off <= 1).mean())},
        **facts,
    )
