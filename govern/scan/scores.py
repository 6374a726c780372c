"""Labels and scores that are fit to be measured: binary labels, probabilities, nothing missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from govern.errors import InputError, PolicyError
from govern.scan.patients import identifiers
from govern.scan.places import counted, looked_up, occurring, smallest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

T = TypeVar("T")

#: More are no groups but identifiers or numbers.
_MOST_GROUPS = 100
#: Words of a label that are the event unless another is named.
TRUE = {"1", "yes", "Yes", "YES"}
FALSE = {"0", "no", "No", "NO"}


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What was computed from whole rows before they were reduced to cells: exact, whatever the cells leave out.

    ``area`` and ``area_se`` are the AUROC and DeLong's standard error (``None`` where it does not exist),
    ``average_precision`` the area under the precision-recall curve, ``squared_error`` the mean of
    (score - label)^2 and ``squared_error_sd`` its standard deviation over rows (divisor n - 1).
    ``tie_bound`` is the most by which the area of the cells can differ from ``area``.
    """

    area: float
    area_se: float | None
    average_precision: float
    squared_error: float
    squared_error_sd: float
    tie_bound: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Reference standard and predicted risk of the same rows, or of cells of rows.

    ``label`` is int8, 0 or 1; ``score`` is float64 in [0, 1]; ``patient`` are codes of the patient
    of each row, or ``None`` where every row is its own patient. All of shape (k,).

    A *cell* is a weighted row: ``weight`` (int64) says how many rows it stands for, their label being one
    and their score nearly one. ``None`` where each row stands for itself. Rows of patients who repeat are
    never reduced, so there is a ``weight`` or a ``patient``, not both. Of reduced rows, ``whole`` holds
    what needs them all.
    """

    label: NDArray[np.int8]
    score: NDArray[np.float64]
    patient: NDArray[np.int64] | None = None
    weight: NDArray[np.int64] | None = None
    whole: Whole | None = None

    @cached_property
    def n(self) -> int:
        """Number of rows."""
        return len(self.label) if self.weight is None else int(self.weight.sum())

    @cached_property
    def events(self) -> int:
        """Number of rows with the event (label 1)."""
        return self.count(self.label == 1)

    @property
    def nonevents(self) -> int:
        """Number of rows without the event (label 0)."""
        return self.n - self.events

    def count(self, mask: NDArray[np.bool_]) -> int:
        """Return how many rows there are where ``mask`` (shape (k,)) holds."""
        return int(np.count_nonzero(mask)) if self.weight is None else int(self.weight[mask].sum())

    def total(self, values: NDArray[Any]) -> float:
        """Return the sum over rows of ``values``, shape (k,)."""
        return float(values.sum()) if self.weight is None else float(self.weight @ values)

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Rows that each entry stands for, float64 of shape (k,): ones where nothing was reduced."""
        return np.ones(len(self.label)) if self.weight is None else self.weight.astype(np.float64)

    @cached_property
    def ranked(self) -> Scores:
        """The same rows in ascending order of score, sorted once."""
        if len(self.score) < 2 or bool((self.score[:-1] <= self.score[1:]).all()):
            return self
        return self.where(np.argsort(self.score, kind="stable"))

    def once(self, make: Callable[..., T], *args: Any) -> T:
        """Return ``make(self, *args)``, kept with the rows: what several checks need of them is computed once."""
        key = (make, *args)
        if key not in self._kept:
            self._kept[key] = make(self, *args)
        found: T = self._kept[key]
        return found

    @cached_property
    def _kept(self) -> dict[Any, Any]:
        return {}

    def flagged(self, threshold: float) -> NDArray[np.bool_]:
        """Return which rows the model flags, shape (k,): score at or above the threshold.

        Raises:
            PolicyError: the threshold does not lie in 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise PolicyError(f"threshold {threshold:g} lies outside 0 to 1", hint="scores are risks from 0 to 1")
        return self.score >= threshold

    def where(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Scores:
        """Return some rows: those where a mask of shape (k,) holds, or those at these places, in their order."""
        patient = None if self.patient is None else self.patient[rows]
        weight = None if self.weight is None else self.weight[rows]
        return Scores(label=self.label[rows], score=self.score[rows], patient=patient, weight=weight)


@dataclass(frozen=True, kw_only=True)
class Groups:
    """An attribute of the rows: ``names[codes[i]]`` is the group of row i; every group has a row.

    ``codes`` are whole numbers of the fewest bytes that hold them, and int64, with which one can calculate, where a
    check is given them.
    """

    attribute: str
    names: tuple[str, ...]
    codes: NDArray[Any]

    def shares(self) -> dict[str, float]:
        """Return the share of the rows that each group has, by its name."""
        counts = counted(self.codes, len(self.names))
        return {name: float(count / len(self.codes)) for name, count in zip(self.names, counts, strict=True)}


def scores(
    label: Sequence[Any] | NDArray[Any] | pd.Series[Any],
    score: Sequence[Any] | NDArray[Any],
    *,
    patient: Sequence[Any] | NDArray[Any] | None = None,
    positive: object = None,
    label_name: str = "label",
    score_name: str = "score",
) -> Scores:
    """Return validated scores. Nothing is clipped, dropped or guessed.

    ``positive`` names the label value that is the event; without it labels are 0/1, true/false or yes/no.

    Raises:
        InputError: a label is missing, not one of two values, or all are the same; a score is
            missing, not a number, or outside 0 to 1.
    """
    return Scores(
        label=labels(label, positive, label_name),
        score=probabilities(np.asarray(score), score_name),
        patient=None if patient is None else patient_codes(np.asarray(patient)),
    )


def groups(
    attribute: str, values: Sequence[Any] | NDArray[Any] | pd.Series[Any], *, cut: Sequence[float] | None = None
) -> Groups:
    """Return the groups of an attribute, in sorted order; a missing value is the group ``missing``.

    ``cut`` turns numbers into bands: ``[18, 50, 65]`` gives ``<18``, ``18-49``, ``50-64`` and ``65+``.

    Raises:
        InputError: ``cut`` is given and a value is no number.
    """
    import pandas as pd

    # Values that occur are named once each, however many rows there are; what is missing is -1, the last of the words.
    codes, distinct = factorized(pd.Series(values))
    words = [*map(str, distinct), "missing"] if cut is None else _bands(attribute, pd.Series(distinct), sorted(cut))
    present = {*words[:-1], *(words[-1:] if len(codes) and codes.min() < 0 else [])}
    order = sorted(present) if cut is None else [b for b in _names(sorted(cut)) if b in present]
    if len(order) > _MOST_GROUPS:
        raise InputError(
            f"{attribute}: {len(order):,} groups, at most {_MOST_GROUPS} were expected",
            hint="name an attribute of patients, or cut a number into bands: {column: age, cut: [18, 50, 65]}",
        )
    index = {name: i for i, name in enumerate(order)}
    place = np.array([index.get(name, 0) for name in words], dtype=np.int64)
    return Groups(attribute=attribute, names=tuple(order), codes=looked_up(smallest(place, len(order)), codes))


def patient_codes(values: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return integer codes of patient identifiers, or ``None`` where no patient repeats.

    Raises:
        InputError: an identifier is missing, so that the patient of a row is not known.
    """
    import pandas as pd

    codes, uniques = pd.factorize(identifiers(pd.Series(values)))
    if (codes < 0).any():
        raise InputError(
            f"{int((codes < 0).sum())} rows have no patient identifier",
            hint="give every row its patient, or name no patient column if each row is another patient",
        )
    return None if len(uniques) == len(values) else codes.astype(np.int64)


def _bands(attribute: str, distinct: Any, cut: list[float]) -> list[str]:
    """Return the band of each distinct value, and the name of what is missing last."""
    import pandas as pd

    numbers = pd.to_numeric(distinct, errors="coerce").to_numpy(dtype=float)
    if np.isnan(numbers).any():
        raise InputError(f"{attribute}: a value is no number, so it cannot be cut into bands", hint="name the groups")
    names = _names(cut)
    return [*(names[i] for i in np.searchsorted(cut, numbers, side="right")), names[-1]]


def _names(cut: list[float]) -> list[str]:
    """Return the names of all bands in their order, and that of what is missing."""
    whole = all(float(c).is_integer() for c in cut)
    middle = [f"{a:g}-{b - 1:g}" if whole else f"{a:g} to <{b:g}" for a, b in pairwise(cut)]
    return [f"<{cut[0]:g}", *middle, f"{cut[-1]:g}+", "missing"]


def labels(values: Sequence[Any] | NDArray[Any] | pd.Series[Any], positive: object, name: str) -> NDArray[np.int8]:
    """Return labels as int8 of shape (n,), 1 where the value is ``positive`` (without it: 1, true or yes).

    Raises:
        InputError: a label is missing, there are not two values, or all are the same.
    """
    import pandas as pd

    codes, distinct = factorized(pd.Series(values))
    if missing := int(np.count_nonzero(codes < 0)):
        raise InputError(
            f"{name}: {missing} of {len(codes)} labels are missing",
            hint="report them as equivocal in a dataset of their own; they are never dropped silently",
        )
    named = np.array([word(value) for value in distinct], dtype=object)
    words = sorted(set(named))
    if len(words) > 2:
        raise InputError(
            f"{name}: labels are not binary (0/1, true/false): {len(words)} values, such as {words[:4]}",
            hint="name the label column of the outcome",
        )
    if positive is not None:
        if word(positive) not in words:
            raise InputError(f"{name}: the positive value {positive!r} does not occur", hint=f"found: {words}")
        event = named == word(positive)
    elif set(words) <= TRUE | FALSE:
        event = np.array([name in TRUE for name in named], dtype=np.bool_)
    else:
        raise InputError(
            f"{name}: labels are not binary (0/1, true/false): {words}",
            hint="say which of them is the event: `positive:` in govern.yaml, or --positive",
        )
    if event.all() or not event.any():
        raise InputError(
            f"{name}: all {len(codes)} labels are {'positive' if event.all() else 'negative'}",
            hint="a test set needs both outcomes",
        )
    return looked_up(event.astype(np.int8), codes)


def equivocal(label: pd.Series[Any], values: Sequence[object]) -> NDArray[np.bool_]:
    """Return which labels are one of ``values``, shape (n,); a missing label is none of them."""
    words = {word(value) for value in values}
    codes, distinct = factorized(label)
    return looked_up(np.array([*(word(value) in words for value in distinct), False], dtype=np.bool_), codes)


def factorized(column: pd.Series[Any]) -> tuple[NDArray[Any], pd.Index[Any]]:
    """Return each row's place among the values that occur, -1 where missing, and these values."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, distinct = column.array.codes, column.cat.categories
        if occurring(codes, len(distinct)).all():
            return codes, distinct
    return pd.factorize(column)


def word(value: object) -> str:
    """Return the normal form of a label: 1, 1.0, True and "true" are one word."""
    text = str(value).strip()
    if text.lower() in ("true", "false"):
        return "1" if text.lower() == "true" else "0"
    try:
        return f"{float(text):.15g}"
    except ValueError:
        return text


def probabilities(values: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return scores as float64 of shape (n,), each in [0, 1].

    Raises:
        InputError: one is missing, no number, or outside; or there is not one score a row.
    """
    import pandas as pd

    if values.dtype == np.float64 and values.ndim == 1 and len(values) and values.min() >= 0 and values.max() <= 1:
        return values  # and none is NaN, which would be the least and the largest
    column = pd.Series(values.reshape(-1) if values.ndim == 1 else list(values))
    if values.ndim != 1:
        raise InputError(f"{name}: one score a row was expected, found an array of shape {values.shape}")
    missing = column.isna()
    if missing.any():
        raise InputError(
            f"{name}: {int(missing.sum())} of {len(column)} scores are missing (first in row {int(missing.argmax())})",
            hint="a model that gives no answer must be counted: give its scores, or report the rows as rejected inputs",
        )
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    if np.isnan(numbers).any():
        bad = column[np.isnan(numbers)].iloc[0]
        raise InputError(f"{name}: scores are not numbers: {str(bad)[:40]!r}", hint="name the column of the scores")
    outside = (numbers < 0) | (numbers > 1) | ~np.isfinite(numbers)
    if outside.any():
        worst = numbers[outside][0]
        raise InputError(
            f"{name}: {int(outside.sum())} of {len(numbers)} scores lie outside 0 to 1, such as {float(worst)!r}",
            hint="give probabilities; they are never clipped",
        )
    return numbers
