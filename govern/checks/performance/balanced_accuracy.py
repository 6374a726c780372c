"""Classes found, the rare ones counting as much as the common ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govern.stats.agreement import confusion, mean_of_proportions, rarest, recall_correlation, recalls
from govern.stats.clusters import repeated
from govern.types import Measurement

if TYPE_CHECKING:
    from govern.scan.outcomes import Classes

#: A confusion matrix of more classes than this is no table that anybody reads.
_TABLE = 20


def balanced_accuracy(classes: Classes) -> Measurement:
    """Balanced accuracy: the mean over classes of the share of their rows that is recognised.

    Why: Plain accuracy is high for a model that never names a rare disease. Here each class counts the same:
        1 is perfect, one over the number of classes is what a constant answer gets.

    How: Mean of the classes' recalls (rows predicted to be of a class, among the rows that are of it), as
        scikit-learn's `balanced_accuracy_score`. 95 % interval by the recovery of variance estimates from the
        recalls' Wilson limits (MOVER; Zou and Donner 2008), for two classes Newcombe's method 10; where a
        patient has several rows on their effective sample sizes (Korn and Graubard 1998) and with the
        correlation between classes that shared patients make (Zou 2007). `details` hold each class's recall
        and, up to 20 classes, the confusion matrix (true by predicted). Support is the number of rows, or
        patients where they repeat, of the rarest class.

    Limits: A mean hides a class that is never found: look at the recalls. Takes all confusions for equally
        bad; where classes have an order see the quadratic kappa. A class of which there are no rows has no
        recall, and then there is no estimate.

    Fix: Weigh rare classes more in training, or move the thresholds between classes that are confused. If the
        estimate meets the goal and only the interval does not, more rows of the rarest class are needed.

    See: Brodersen et al., ICPR 2010; Zou and Donner, Stat Med 2008;27:1693; docs/statistics.md.
    """
    patient, size = repeated(classes.patient), len(classes.names)
    facts: dict[str, Any] = {
        "n": classes.n,
        "support": rarest(classes.true, size, patient),
        "method": "mean recall; MOVER of Wilson intervals" + ("" if patient is None else ", clustered by patient"),
    }
    if classes.absent:
        return Measurement.unknown(message=f"no rows of class {', '.join(classes.absent)} among {classes.n}", **facts)
    found = recalls(classes.true, classes.predicted, size, patient)
    hit = classes.true == classes.predicted
    lower, upper = mean_of_proportions(found, recall_correlation(classes.true, hit, found, patient))
    by_class = [
        {"class": name, "n": r.n, "recall": r.estimate, "lower": r.lower, "upper": r.upper}
        for name, r in zip(classes.names, found, strict=True)
    ]
    table = {"confusion": confusion(classes.true, classes.predicted, size)} if size <= _TABLE else {}
    return Measurement(
        estimate=sum(r.estimate for r in found) / size,
        lower=lower,
        upper=upper,
        details={"accuracy": float(hit.mean()), "recalls": by_class, **table},
        **facts,
    )
