"""Columns to validated outcomes of any task but the binary one. Nothing is clipped, dropped or guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.outcomes import Classes, Comparator, Survival, Values
from govern.scan.scores import patient_codes, probabilities, word
from govern.strict_yaml import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

Column = Sequence[Any] | np.ndarray[Any, Any]

#: More words than this that nobody declared are no classes but identifiers or free text.
_MOST_CLASSES = 100
#: How far the probabilities of a row may be from adding up to 1.
_ROUNDING = 1e-6


def classes(
    label: Column,
    predicted: Column | None = None,
    probability: Mapping[str, Column] | None = None,
    *,
    names: Sequence[str] = (),
    patient: Column | None = None,
    label_name: str = "label",
    predicted_name: str = "predicted",
) -> Classes:
    """Return validated classes.

    ``probability`` holds a column for each class, in their order. Without ``predicted`` the predicted class is the most
    probable one, the first in order where several are. ``names`` declares the classes in their order; without it
    they are those of ``probability``, or else all that occur, numbers in their order and words in that of the
    alphabet.

    Raises:
        InputError: a class is missing or not among ``names``, there are fewer than two, or the truth holds one
            only; a probability is missing, outside 0 to 1, or those of a row do not add up to 1.
    """
    if predicted is None and probability is None:
        raise InputError("no predicted classes and no probabilities", hint="give one of them, or both")
    truth = _words(label, label_name)
    answer = None if predicted is None else _words(predicted, predicted_name)
    declared = _distinct([str(name) for name in names or probability or ()], "the classes")
    found = {*truth.words, *(() if answer is None else answer.words)}
    order = declared or tuple(sorted(found, key=_in_order))
    if not declared and len(order) > _MOST_CLASSES:
        raise InputError(
            f"{label_name}: {len(order):,} classes, at most {_MOST_CLASSES} were expected",
            hint="name the column of the classes, or declare them all",
        )
    place = {word(name): i for i, name in enumerate(order)}
    true = _codes(truth, place, order, label_name)
    if len(order) < 2 or len(np.unique(true)) < 2:
        raise InputError(f"{label_name}: all {len(true)} rows are of one class", hint="a test set needs two or more")
    chances = None if probability is None else _probability(probability, place, order)
    if answer is None:
        assert chances is not None  # noqa: S101 - one of both was given
        codes = chances.argmax(axis=1).astype(np.int64)
    else:
        codes = _codes(answer, place, order, predicted_name)
    _together({label_name: true, predicted_name: codes, "probability": chances})
    return Classes(
        names=order,
        true=true,
        predicted=codes,
        probability=chances,
        patient=_patients(patient, len(true)),
        ordered=bool(declared) or all(_is_number(name) for name in order),
    )


def values(
    true: Column,
    predicted: Column,
    *,
    lower: Column | None = None,
    upper: Column | None = None,
    patient: Column | None = None,
    true_name: str = "label",
    predicted_name: str = "predicted",
    lower_name: str = "lower",
    upper_name: str = "upper",
) -> Values:
    """Return validated numbers, and the model's own prediction intervals if both of their limits are given.

    Raises:
        InputError: a number is missing or not finite, one limit is given without the other, or a lower limit
            lies above its upper one.
    """
    if (lower is None) != (upper is None):
        raise InputError("one limit of the prediction interval is given, the other is not", hint="give both or none")
    truth, answer = _numbers(true, true_name), _numbers(predicted, predicted_name)
    low = None if lower is None else _numbers(lower, lower_name)
    high = None if upper is None else _numbers(upper, upper_name)
    _together({true_name: truth, predicted_name: answer, lower_name: low, upper_name: high})
    if low is not None and high is not None and (crossed := low > high).any():
        raise InputError(
            f"{lower_name}, {upper_name}: in {int(crossed.sum())} of {len(low)} rows the lower limit lies above the "
            f"upper one (first in row {int(crossed.argmax())})",
            hint="were the two columns exchanged?",
        )
    return Values(true=truth, predicted=answer, lower=low, upper=high, patient=_patients(patient, len(truth)))


def survival(
    time: Column,
    event: Column,
    risk: Column,
    *,
    patient: Column | None = None,
    positive: object = None,
    time_name: str = "time",
    event_name: str = "event",
    risk_name: str = "risk",
) -> Survival:
    """Return validated follow-up: time above 0, whether the event was seen then, and the risk (higher is sooner).

    ``positive`` names the value of ``event`` that is the event; without it they are 0/1 or true/false.

    Raises:
        InputError: a value is missing; a time is not a finite number above 0, a risk not finite, an event not one
            of two values; or no event was seen at all.
    """
    follow_up, score = _numbers(time, time_name), _numbers(risk, risk_name)
    if (early := follow_up <= 0).any():
        raise InputError(
            f"{time_name}: {int(early.sum())} of {len(follow_up)} times are not above 0, such as "
            f"{float(follow_up[early][0])!r}",
            hint="give the time from prediction to event or censoring; who had the event at the prediction is no test",
        )
    seen = _events(event, positive, event_name)
    _together({time_name: follow_up, event_name: seen, risk_name: score})
    if not seen.any():
        raise InputError(f"{event_name}: no event among {len(seen)} rows", hint="a test set needs events")
    return Survival(time=follow_up, event=seen, risk=score, patient=_patients(patient, len(seen)))


def comparator(name: str, score: Column) -> Comparator:
    """Return validated scores of another model or of people: in 0 to 1, NaN where there is none.

    Raises:
        InputError: there is none at all, or one is no number or outside 0 to 1.
    """
    import pandas as pd

    column = _flat(score, name)
    given = ~np.asarray(pd.isna(column))
    if not given.any():
        raise InputError(f"{name}: no score in any of {len(column)} rows", hint="name the column of the comparator")
    found = np.full(len(column), np.nan)
    found[given] = probabilities(column[given], name)
    return Comparator(name=name, score=found)


@dataclass(frozen=True, kw_only=True)
class _Words:
    """A column of words in their normal form: ``words[codes[i]]`` is that of row i."""

    words: list[str]
    codes: NDArray[np.int64]


def _words(column: Column, name: str) -> _Words:
    import pandas as pd

    codes, distinct = pd.factorize(pd.Series(_flat(column, name)))
    words = [word(value) for value in distinct]
    _none_missing((codes < 0) | np.isin(codes, [i for i, w in enumerate(words) if not w]), name)
    return _Words(words=words, codes=codes)


def _numbers(column: Column, name: str) -> NDArray[np.float64]:
    """Return a column as finite float64 of shape (n,)."""
    import pandas as pd

    array = _flat(column, name)
    if array.dtype.kind in "mM":
        raise InputError(f"{name}: dates or durations, where numbers were expected", hint="give a number of one unit")
    given = pd.Series(array)
    _none_missing(given.isna().to_numpy(), name)
    numbers = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64)
    if (wrong := ~np.isfinite(numbers)).any():
        raise InputError(
            f"{name}: {int(wrong.sum())} of {len(numbers)} values are no finite numbers, such as "
            f"{str(given[wrong].iloc[0])[:40]!r}",
            hint="name a column of numbers",
        )
    return numbers


def _events(column: Column, positive: object, name: str) -> NDArray[np.int8]:
    found = _words(column, name)
    distinct = sorted(set(found.words))
    event = "1" if positive is None else word(positive)
    valid = {"0", "1"} if positive is None else {event, *distinct}
    if not set(distinct) <= valid or len(distinct) > 2:
        raise InputError(
            f"{name}: events are not 0/1 or true/false: {distinct[:4]}",
            hint="1 where the event was seen, 0 where follow-up ended without it; competing events are not handled",
        )
    return np.array([w == event for w in found.words], dtype=np.int8)[found.codes]


def _probability(given: Mapping[str, Column], place: Mapping[str, int], order: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the probabilities in the order of the classes, shape (n, classes)."""
    columns = dict(zip(map(word, _distinct(list(given), "the probabilities")), given.values(), strict=True))
    for name in columns:
        if name not in place:
            raise InputError(f"probabilities of an unknown class {name!r}", hint=nearest(name, order))
    if absent := [name for name in order if word(name) not in columns]:
        raise InputError(f"no probabilities of {', '.join(absent)}", hint="give one column for each class")
    found = [probabilities(_flat(columns[word(name)], name), f"probability of {name}") for name in order]
    _together(dict(zip(order, found, strict=True)))
    chances = np.column_stack(found)
    off = np.abs(chances.sum(axis=1) - 1)
    if (wrong := off > _ROUNDING).any():
        worst = int(off.argmax())
        raise InputError(
            f"the probabilities of {int(wrong.sum())} of {len(chances)} rows do not add up to 1 "
            f"(row {worst}: {chances[worst].sum():.9g})",
            hint="give the probability of every class as the model states it; they are never rescaled",
        )
    return chances


def _distinct(names: list[str], what: str) -> tuple[str, ...]:
    if len({word(name) for name in names}) < len(names):
        raise InputError(f"{what} are named twice: {', '.join(names)}", hint="name each once")
    return tuple(name.strip() for name in names)


def _codes(found: _Words, place: Mapping[str, int], order: tuple[str, ...], name: str) -> NDArray[np.int64]:
    if unknown := sorted(set(found.words) - set(place)):
        rows = int(np.isin(found.codes, [i for i, w in enumerate(found.words) if w not in place]).sum())
        raise InputError(
            f"{name}: {rows} of {len(found.codes)} rows are of a class that is not declared: {', '.join(unknown[:4])}",
            hint=nearest(unknown[0], order),
        )
    return np.array([place[w] for w in found.words], dtype=np.int64)[found.codes]


def _in_order(name: str) -> tuple[bool, float, str]:
    """Sort numbers by value, before words."""
    return (False, float(name), name) if _is_number(name) else (True, 0.0, name)


def _is_number(name: str) -> bool:
    try:
        return bool(np.isfinite(float(name)))
    except ValueError:
        return False


def _flat(column: Column, name: str) -> NDArray[Any]:
    # a list of text and NaN would become the text "nan"
    array = np.array(column, dtype=object) if isinstance(column, list | tuple) else np.asarray(column)
    if array.ndim != 1:
        raise InputError(f"{name}: one value a row was expected, found an array of shape {array.shape}")
    if not len(array):
        raise InputError(f"{name}: there are no rows", hint="a test set needs some")
    return array


def _none_missing(missing: NDArray[np.bool_], name: str) -> None:
    if missing.any():
        raise InputError(
            f"{name}: {int(missing.sum())} of {len(missing)} values are missing (first in row {int(missing.argmax())})",
            hint="rows without a value must be counted and reported apart; they are never dropped silently",
        )


def _together(columns: Mapping[str, NDArray[Any] | None]) -> None:
    """Refuse columns of different length."""
    sizes = {name: len(column) for name, column in columns.items() if column is not None}
    if len(set(sizes.values())) > 1:
        raise InputError(
            "columns of different length: " + ", ".join(f"{name} {size}" for name, size in sizes.items()),
            hint="give one value a row",
        )


def _patients(column: Column | None, rows: int) -> NDArray[np.int64] | None:
    if column is None:
        return None
    array = np.asarray(column)
    _together({"patient": array, "outcome": np.empty(rows)})
    return patient_codes(array)
