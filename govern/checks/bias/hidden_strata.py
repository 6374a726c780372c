"""Check ``bias.hidden_strata``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.cells import ColumnCells
    from govern.scan.dataset import Data, Recorded
    from govern.stats.strata import Residuals, Stratum

#: Strata of fewer events or non-events are not judged.
_LEAST = 20
#: Words up to which a column makes a stratum of each, numbers up to which it does, and stretches of more.
_WORDS, _NUMBERS, _STRETCHES = 20, 10, 4
_LISTED = 20
_METHOD = "score test of recalibration in each stratum, non-central chi-square interval (Bonferroni)"


def hidden_strata(test: Data, recorded: Recorded) -> Measurement:
    """Miscalibration that is shown in a part of the patients that is no declared group.

    Why: A model can be right on average, in each sex and at each age, and useless in one disease: its scores were
        joined to other patients there, or it never saw such. Nobody declared that part a group, so no comparison of
        groups shows it (hidden stratification).
    How: Each value of an input makes a stratum: of words up to 20, of numbers up to 10 different ones, else four
        stretches of as many rows; what is missing makes one too. Risks are first recalibrated (intercept and slope) on
        all rows, so that only what differs between strata counts. In each stratum of at least 20 events and
        non-events a further recalibration is tested by its score; the root of the statistic's non-centrality per
        unit of information is how far risks are from right there: the root mean square in log odds (0 or more; 0.2 at
        an even risk is five percentage points). Scores of no use in a stratum are off by the spread of their log
        odds, mostly 0.5 to 1.5. Since it is not the area that is compared, a stratum in which patients are alike, and
        so harder to order, is not blamed. The estimate is what is shown: the largest lower bound, each at 95 % for all
        strata together (Bonferroni over strata), as one of dozens of small strata always looks bad; what that stratum
        looks like is said in `strata`. The upper bound is the largest of all. At most 20,000 sampled rows; where
        patients repeat, each is worth what Kish's effective size says.
    Limits: Judge the estimate: that risks are right in every small stratum cannot be shown, and the upper bound is
        high. So a small stratum is seldom caught: scores shuffled in 380 patients with 120 events are mostly not
        shown to be wrong by 0.3. Only one input at a time is looked at, and strata of fewer events are not judged
        (`small`). Says nothing of risks that are wrong for everybody: see calibration. Rows whose score is exactly 0
        or 1 have no log odds and are left out (`left_out`), and so are rows that are declared as equivocal or
        rejected. Inconclusive if no input or label is declared, or no stratum can be judged.
    Fix: Look at the scores of these patients as they were computed; if they are right, the model lacks an interaction
        or such patients in its training: name the stratum as a group, or as a limitation of use.
    See: Oakden-Rayner L et al. Hidden stratification causes clinically meaningful failures in machine learning. ACM
        CHIL 2020; Cox DR. Biometrika 45:562, 1958.
    """
    from govern.checks.drift._features import column, rows
    from govern.checks.drift._samples import table
    from govern.stats.calibration import identified, saturated
    from govern.stats.strata import residuals

    def unknown(why: str) -> Measurement:
        return Measurement.unknown(n=test.rows, method=_METHOD, message=why)

    if test.label is None or not test.features:
        return unknown("no label or no model features are declared, so no stratum was looked at")
    place = test.sample.index.to_numpy()
    kept = np.ones(len(place), dtype=np.bool_)
    if recorded.kept is not None:
        kept, place = recorded.kept[place], (np.cumsum(recorded.kept) - 1)[place]
    label = _events(recorded.label[place[kept]], column(test, test.label, "test"))
    score = recorded.score[place[kept]]
    if label is None or not bool(((score >= 0) & (score <= 1)).all()):
        return unknown("some labels or scores cannot be measured (see data.invalid_scores)")
    sure = saturated(score)
    label, score = label[~sure], score[~sure]
    if not identified(label, score) or (left := residuals(label, score)) is None:
        return unknown("the scores cannot be recalibrated: one outcome, one score, or outcomes that do not overlap")
    kept[kept] = ~sure
    kinds = {name: column(test, name, "test").kind for name in test.features}
    inputs = table(test, kinds)[kept]
    parts = [p for name, kind in kinds.items() if (p := _part(inputs[name], kind)) is not None]
    judged = [p.judged(label) for p in parts]
    comparisons = sum(len(places) for places in judged)
    if not comparisons:
        return unknown(f"no stratum has {_LEAST} events and non-events")
    found = [
        entry
        for part, places in zip(parts, judged, strict=True)
        for entry in part.measured(left, places, comparisons, rows(test) / test.rows)
    ]
    found.sort(key=lambda e: (-e[2].together, -e[2].estimate, e[0], e[1]))
    name, value, worst = found[0]
    message = (
        f"{name} {value}: risks are off by {worst.estimate:.2f} in log odds, {worst.together:.2f} beyond chance; "
        f"{worst.events} events of {worst.n} rows where {worst.expected:.0f} were expected"
    )
    if sure.any():
        message += f"; {int(sure.sum())} scores that are exactly 0 or 1 were left out"
    return Measurement(
        estimate=worst.together,
        lower=worst.together,
        upper=max(s.upper for _, _, s in found),
        n=len(label),
        events=int(label.sum()),
        support=min(worst.events, worst.n - worst.events),
        method=_METHOD,
        message=message,
        details={
            "strata": [{"feature": f, "stratum": v, **vars(s)} for f, v, s in found[:_LISTED]],
            "compared": comparisons,
            "small": sum(len(p.names) for p in parts) - comparisons,
            "left_out": int(sure.sum()),
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Rows parted by one input: the stratum of each row, and the strata's names."""

    feature: str
    codes: NDArray[np.int64]
    names: list[str]

    def judged(self, label: NDArray[np.int8]) -> NDArray[np.int64]:
        """Return the strata with enough events and non-events; none where all rows lie in one."""
        size = len(self.names)
        events, n = (np.bincount(self.codes, weights=w, minlength=size) for w in (label, None))
        return np.flatnonzero((np.minimum(events, n - events) >= _LEAST) & (n < len(label)))

    def measured(
        self, left: Residuals, places: NDArray[np.int64], comparisons: int, worth: float
    ) -> Iterator[tuple[str, str, Stratum]]:
        found = left.strata(self.codes, places, comparisons=comparisons, worth=worth)
        for k, stratum in zip(places.tolist(), found, strict=True):
            yield self.feature, self.names[k], stratum


def _part(column: pd.Series[Any], kind: str) -> _Part | None:
    """Return the strata of one input; ``None`` where its words are too many."""
    import pandas as pd

    from govern.stats.calibration import equal_mass

    values = column.to_numpy()
    codes, distinct = pd.factorize(values, sort=kind != "words")
    if len(distinct) > _WORDS and kind == "words":
        return None
    if len(distinct) <= _NUMBERS or kind == "words":
        names = [str(v) for v in distinct]
    else:
        there = codes >= 0
        codes[there] = equal_mass(values[there].astype(np.float64), _STRETCHES)
        inside = [values[codes == k].astype(np.float64) for k in range(int(codes.max()) + 1)]
        names = [f"{v.min():g} to {v.max():g}" for v in inside]
    codes = np.where(codes < 0, len(names), codes).astype(np.int64)
    return _Part(feature=str(column.name), codes=codes, names=[*names, "missing"])


def _events(words: NDArray[np.object_] | pd.Categorical, cells: ColumnCells) -> NDArray[np.int8] | None:
    """Return which labels are the event, as int8; ``None`` where one is missing or there are not two."""
    import pandas as pd

    from govern.scan.scores import word

    codes, distinct = pd.factorize(words)
    if (codes < 0).any() or len(distinct) != 2:
        return None
    event = {word(value) for value in cells.value[cells.events > 0].tolist()}
    return np.array([name in event for name in distinct], dtype=np.int8)[codes]
