"""Labels and scores that are fit to be measured: binary labels, probabilities, nothing missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError, PolicyError
from govern.scan.patients import identifiers

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: More are no groups but identifiers or numbers.
_MOST_GROUPS = 100
_TRUE = {"1", "yes", "Yes", "YES"}
_FALSE = {"0", "no", "No", "NO"}


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Reference standard and predicted risk of the same rows.

    ``label`` is int8, 0 or 1; ``score`` is float64 in [0, 1]; ``patient`` are codes of the patient
    of each row, or ``None`` where every row is its own patient. All of shape (n,).
    """

    label: NDArray[np.int8]
    score: NDArray[np.float64]
    patient: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.label)

    @property
    def events(self) -> int:
        """Number of rows with the event (label 1)."""
        return int(self.label.sum())

    @property
    def nonevents(self) -> int:
        """Number of rows without the event (label 0)."""
        return self.n - self.events

    def flagged(self, threshold: float) -> NDArray[np.bool_]:
        """Return which rows the model flags, shape (n,): score at or above the threshold.

        Raises:
            PolicyError: the threshold does not lie in 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise PolicyError(f"threshold {threshold:g} lies outside 0 to 1", hint="scores are risks from 0 to 1")
        return self.score >= threshold

    def where(self, mask: NDArray[np.bool_]) -> Scores:
        """Return the rows where ``mask`` (shape (n,)) holds."""
        patient = None if self.patient is None else self.patient[mask]
        return Scores(label=self.label[mask], score=self.score[mask], patient=patient)


@dataclass(frozen=True, kw_only=True)
class Groups:
    """An attribute of the rows: ``names[codes[i]]`` is the group of row i; every group has a row."""

    attribute: str
    names: tuple[str, ...]
    codes: NDArray[np.int64]


def scores(
    label: Sequence[Any] | NDArray[Any],
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
        label=labels(np.asarray(label), positive, label_name),
        score=probabilities(np.asarray(score), score_name),
        patient=None if patient is None else patient_codes(np.asarray(patient)),
    )


def groups(attribute: str, values: Sequence[Any] | NDArray[Any], *, cut: Sequence[float] | None = None) -> Groups:
    """Return the groups of an attribute, in sorted order; a missing value is the group ``missing``.

    ``cut`` turns numbers into bands: ``[18, 50, 65]`` gives ``<18``, ``18-49``, ``50-64`` and ``65+``.

    Raises:
        InputError: ``cut`` is given and a value is no number.
    """
    import pandas as pd

    column = pd.Series(values)
    missing = column.isna().to_numpy()
    if cut is None:
        names = np.where(missing, "missing", column.astype(str).to_numpy())
        order = sorted(set(names))
    else:
        names, order = _bands(attribute, column, missing, sorted(cut))
    if len(order) > _MOST_GROUPS:
        raise InputError(
            f"{attribute}: {len(order):,} groups, at most {_MOST_GROUPS} were expected",
            hint="name an attribute of patients, or cut a number into bands: {column: age, cut: [18, 50, 65]}",
        )
    index = {name: i for i, name in enumerate(order)}
    codes = np.fromiter((index[n] for n in names), dtype=np.int64, count=len(names))
    return Groups(attribute=attribute, names=tuple(order), codes=codes)


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


def _bands(attribute: str, column: Any, missing: NDArray[np.bool_], cut: list[float]) -> tuple[Any, list[str]]:
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    if (np.isnan(numbers) & ~missing).any():
        raise InputError(f"{attribute}: a value is no number, so it cannot be cut into bands", hint="name the groups")
    whole = all(float(c).is_integer() for c in cut)
    middle = [f"{a:g}-{b - 1:g}" if whole else f"{a:g} to <{b:g}" for a, b in pairwise(cut)]
    order = [f"<{cut[0]:g}", *middle, f"{cut[-1]:g}+", "missing"]
    band = np.where(missing, len(order) - 1, np.searchsorted(cut, numbers, side="right"))
    names = np.array(order, dtype=object)[band]
    present = set(names)
    return names, [name for name in order if name in present]


def labels(values: NDArray[Any], positive: object, name: str) -> NDArray[np.int8]:
    """Return labels as int8 of shape (n,), 1 where the value is ``positive`` (without it: 1, true or yes).

    Raises:
        InputError: a label is missing, there are not two values, or all are the same.
    """
    import pandas as pd

    column = pd.Series(values)
    if column.isna().any():
        raise InputError(
            f"{name}: {int(column.isna().sum())} of {len(column)} labels are missing",
            hint="report them as equivocal in a dataset of their own; they are never dropped silently",
        )
    text = column.map(word)
    words = sorted(text.unique())
    if len(words) > 2:
        raise InputError(
            f"{name}: labels are not binary (0/1, true/false): {len(words)} values, such as {words[:4]}",
            hint="name the label column of the outcome",
        )
    if positive is not None:
        if word(positive) not in words:
            raise InputError(f"{name}: the positive value {positive!r} does not occur", hint=f"found: {words}")
        label = (text == word(positive)).to_numpy()
    elif set(words) <= _TRUE | _FALSE:
        label = text.isin(_TRUE).to_numpy()
    else:
        raise InputError(
            f"{name}: labels are not binary (0/1, true/false): {words}",
            hint="say which of them is the event: `positive:` in govern.yaml, or --positive",
        )
    if label.all() or not label.any():
        raise InputError(
            f"{name}: all {len(label)} labels are {'positive' if label.all() else 'negative'}",
            hint="a test set needs both outcomes",
        )
    return label.astype(np.int8)


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
