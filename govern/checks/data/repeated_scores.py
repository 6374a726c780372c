"""Check ``data.repeated_scores``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govern.scan.scores import Scores

#: What is so many times more frequent in the test dataset, or more, is hardly ever in the reference.
_RARER = 5.0
#: How often honest scores of one population show anything.
_ALPHA = 0.01
_EXAMPLES = 10


def repeated_scores(scores: Scores, reference_scores: NDArray[np.float64], *, chance: float = 0.05) -> Measurement:
    """Share of test rows whose score is one that stands out by how often it is given.

    Why: Where the service that gives the scores fails, it often answers all the same: with a default, the last value or
        the mean. Five such patients in a hundred move no figure by much, and are five who were not assessed.
    How: The share of rows (0 to 1) at scores that are at least 5 times more frequent than their neighbours among the
        test scores are on average, and than the reference's scores are between the midpoints to these. Scores that were
        rounded, or come in the steps of a tree or of a calibration map, do so in both datasets or in all of their
        neighbours, and are not counted. Nor is what chance explains: if all rows were of one population, each of those
        with such a score would be a test row with probability n / (n + m); the binomial tail is held to 1 % over all
        scores together (Bonferroni). Wilson's 95 % interval; where patients repeat, n is Kish's effective size.
    Limits: A default that the reference holds as often is not found, nor one that changes from row to row. Inconclusive
        if less than a share `chance` of the rows would not show against a reference of this size.
    Fix: Find out why these patients have one score; where the model gave no answer, say so (`rejected:` under `data:`).
    See: FDA, Statistical guidance on reporting results from studies evaluating diagnostic tests, 2007; Fisher RA.
        Statistical Methods for Research Workers, 1934 (section 21.02).
    """
    from govern.stats.drift import effective_size
    from govern.stats.novelty import least_seen, spikes
    from govern.stats.proportion import wilson

    method = "share of scores that stand out, Wilson"
    n, m = effective_size(scores.patient, scores.n), float(len(reference_scores))
    if not scores.n or not m:
        what = "scores" if m else "reference scores"
        return Measurement.unknown(n=scores.n, method=method, message=f"there are no {what}")
    value, place = np.unique(np.concatenate([scores.score, reference_scores]), return_inverse=True)
    own = len(scores.score)
    now = np.bincount(place[:own], weights=scores.weights, minlength=len(value))
    then = np.bincount(place[own:], minlength=len(value)).astype(np.float64)
    worth = np.asarray(now * (n / scores.n), dtype=np.float64)
    new = spikes(value, then, worth, n=n, m=m, alpha=_ALPHA, rarer=_RARER)
    share = float(now[new].sum()) / scores.n
    lower, upper = wilson(share * n, n)
    at = np.flatnonzero(new)[np.argsort(-now[new], kind="stable")][:_EXAMPLES]
    least = least_seen(n, m, _ALPHA / max(int(np.count_nonzero(now)), 1))
    message = "no score is given to more patients than its neighbours and the reference's are"
    if len(at):
        message = f"{int(now[at[0]]):,} of {scores.n:,} rows have the score {value[at[0]]:g}"
        message += f", in the reference {int(then[at[0]]):,} of {int(m):,}"
    if least > chance:
        message += f"; only a share above {least:.3f} would show against a reference of this size, {chance:g} is needed"
    return Measurement(
        estimate=share,
        lower=lower,
        upper=upper,
        n=scores.n,
        support=int(min(n, m)),
        method=method,
        sufficient=least <= chance,
        message=message,
        details={
            "scores": [{"score": float(value[i]), "test": int(now[i]), "reference": int(then[i])} for i in at],
            "least": least,
        },
    )
