"""Check ``data.plausible_values``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from govern.checks.drift._features import Feature
    from govern.scan.dataset import Data

#: What is so many times more frequent in the test dataset, or more, is hardly ever in the reference.
_RARER = 5.0
#: How often honest data of one population show anything new, over all columns together.
_ALPHA = 0.01
_LISTED, _EXAMPLES = 50, 10


def plausible_values(test: Data, reference: Data, *, chance: float = 0.05) -> Measurement:
    """Largest share of test rows whose value of an input or group is one that the reference hardly ever has.

    Why: A negative age, a blood pressure of 0 where a sensor fell off, three patients in a hundred in another unit, a
        group under another name: each is a number or a word like any other, and moves no distribution as a whole
        by much. What the reference never shows is what the model never learned.
    How: For each input and each group column that both datasets have, the share of test rows whose value is new (0 to
        1). A word is new that is at least 5 times more frequent than in the reference. Of numbers and dates those
        are that lie beyond all values of the reference, or beyond all but 1, 2, 4 ... 64 of them, if at least `rarer`
        times more test rows do; and a single value that is 5 times more frequent than that stretch is in the
        reference and than its neighbours are. Each only if chance does not explain it: if all rows were of one
        population, each of those that have it would be a test row with probability n / (n + m); the binomial tail is
        held to 1 % over all columns together (Bonferroni). The estimate is that of the worst column, with Wilson's 95 %
        interval; where patients repeat, n and m are Kish's effective sizes.
    Limits: Says that a value is new and not that it is impossible. A wrong value inside the reference's range is not
        found unless it repeats, nor one that the reference has as often. Values of a large dataset are counted in
        stretches. Words of which there are too many to be counted are not compared, nor groups that the reference lacks
        (`not_compared`). Inconclusive if less than a share `chance` of the rows would not show against a reference
        of this size, or if no column could be compared.
    Fix: Look at the rows: find the unit, the code or the device, mend it at its source, and validate again. If such
        patients belong to the intended use, the reference must have them too.
    See: Kahn MG et al. A harmonized data quality assessment terminology. eGEMs 4(1):1244, 2016 (plausibility); Wilks
        SS. Statistical prediction with special reference to tolerance limits. Ann Math Stat 13:400, 1942.
    """
    from govern.checks.drift._features import rows
    from govern.stats.novelty import least_seen
    from govern.stats.proportion import wilson

    n, m = rows(test), rows(reference)
    method = "share of values new to the reference, Wilson"
    features, left_out = _columns(test, reference)
    if not features:
        return Measurement.unknown(
            n=test.rows, method=method, message="no column could be compared", details={"not_compared": left_out}
        )
    alpha = _ALPHA / len(features)
    found = sorted((_new(f, n / test.rows, m / reference.rows, alpha) for f in features), key=_Column.rank)
    worst = found[0]
    lower, upper = wilson(worst.share * n, n)
    least = least_seen(n, m, alpha / 2)
    message = (
        f"{worst.name}: {worst.share:.1%} of the rows have values that the reference hardly ever has: {worst.said}"
        if worst.share
        else f"none of {len(found)} columns has values that are new to the reference beyond chance"
    )
    if least > chance:
        message += f"; only a share above {least:.3f} would show against a reference of this size, {chance:g} is needed"
    if left_out:
        message += f"; not compared: {', '.join(left_out[:5])}"
    return Measurement(
        estimate=worst.share,
        lower=lower,
        upper=upper,
        n=test.rows,
        support=int(min(n, m)),
        method=method,
        sufficient=least <= chance,
        message=message,
        details={
            "columns": [c.listed() for c in found[:_LISTED]],
            "worst": worst.name if worst.share else None,
            "least": least,
            "not_compared": left_out,
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Column:
    """What is new in one column: its share of the test rows and of the reference's, and values in words."""

    name: str
    share: float
    reference: float
    values: list[Any]

    @property
    def said(self) -> str:
        shown = [v if isinstance(v, str) else f"{v:g}" for v in self.values[:3]]
        return ", ".join(shown) + (" ..." if len(self.values) > len(shown) else "")

    def rank(self) -> tuple[float, str]:
        return -self.share, self.name

    def listed(self) -> dict[str, Any]:
        return {"column": self.name, "value": self.share, "reference": self.reference, "examples": self.values}


def _columns(test: Data, reference: Data) -> tuple[list[Feature], list[str]]:
    """Return inputs and groups as both datasets hold them, and the names of those that cannot be compared."""
    from govern.checks.data._groups import shared_groups
    from govern.checks.drift._features import shared_features

    groups, lacking = shared_groups(test, reference)
    found = [*shared_features(test, reference), *groups]
    return [f for f in found if not f.uncounted], [*lacking, *(f.name for f in found if f.uncounted)]


def _new(feature: Feature, own: float, other: float, alpha: float) -> _Column:
    """Return what is new in a column; ``own`` and ``other`` are effective rows per row of either dataset."""
    from govern.scan.cells import align
    from govern.stats.novelty import new_words, spikes, tails

    value, then, now = align(feature.reference, feature.current)
    n, m = (int(side.sum()) + missing for side, missing in ((now, feature.missing[1]), (then, feature.missing[0])))
    sides: dict[str, Any] = {"n": n * own, "m": m * other, "rarer": _RARER}
    before, after = (np.asarray(side * worth, dtype=np.float64) for side, worth in ((then, other), (now, own)))
    if feature.numeric:
        new = tails(before, after, alpha=alpha / 2, **sides)
        new |= spikes(value.astype(np.float64), before, after, alpha=alpha / 2, **sides)
    else:
        new = new_words(before, after, alpha=alpha, **sides)
    new &= now > 0
    most = np.flatnonzero(new)[np.argsort(-now[new], kind="stable")][:_EXAMPLES]
    return _Column(
        name=feature.name,
        share=float(now[new].sum() / n) if n else 0.0,
        reference=float(then[new].sum() / m) if m else 0.0,
        values=[str(v) if isinstance(v, str) else float(v) for v in value[most].tolist()],
    )
