"""Whether a flag means the same in all groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.checks.bias._proportions import proportion_gaps
from govern.checks.bias._rates import NEGATIVE_PREDICTIVE, POSITIVE_PREDICTIVE

if TYPE_CHECKING:
    from govern.scan.scores import Groups, Scores
    from govern.types import Measurement


#: See :class:`govern.checks.catalogue.Check`.
ONLY_FLAGS = True


def predictive_parity(
    scores: Scores, groups: Groups, seed: int, *, threshold: float = 0.5, negative: bool = False
) -> list[Measurement]:
    """Predictive parity: the difference in predictive value between a group and the rest.

    Why: Whoever reads a flag acts on what it means. Where fewer of the flagged have the event in one
        group, its patients bear treatment and worry for nothing more often than others.

    How: For each group, |share of events among its flagged rows - that among all other flagged rows|, a
        row being flagged with a score at or above `threshold`, from 0 to 1. With `negative: true` also
        |difference of the share of non-events among rows that are not flagged|, and the larger of both;
        where chance explains the larger and not the smaller, the smaller. Newcombe's intervals (method
        10) at the Bonferroni level over the groups (and both values) hold together with 95 %, mapped to
        the absolute difference. The lower limit is 0 unless a permutation of the group labels among
        flagged rows (at least 2,000, seeded), adjusted by Holm, rejects equality too. `details` say what
        the largest gap of the attribute reaches by chance in 1 of 20 (`null_95`). Where patients repeat,
        the interval is that of the effective sample sizes (Korn and Graubard 1998) and patients are
        permuted. Fairlearn's mean_prediction must give the same values. Support is the
        smaller of flagged rows in the group and in the rest (with `negative` the smallest, of rows that
        are not flagged too), counted in patients where they repeat.

    Limits: Predictive values move with how common the event is: groups that differ in it cannot have
        equal predictive values and equal error rates at once (Chouldechova 2017). Where events are rare
        negative predictive values are all near 1, and their differences small however many are missed.

    Fix: Compare the calibration of the groups: a calibrated model with one threshold still differs in
        predictive value where the risks of the flagged differ, a miscalibrated one needs mending first.

    See: Chouldechova, Big Data 2017;5:153; Newcombe 1998; docs/statistics.md.
    """
    rates = [POSITIVE_PREDICTIVE, *([NEGATIVE_PREDICTIVE] if negative else [])]
    return proportion_gaps(scores, groups, rates, threshold=threshold, seed=seed)
