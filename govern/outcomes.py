"""Declared columns to what checks of each task ask for: truth and prediction of the test rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from govern.errors import UnavailableError
from govern.project import Data

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.dataset import Recorded
    from govern.scan.outcomes import Classes, Survival, Values

#: From a column's name, and what it is, to its values of all rows.
Column = Callable[[str | None, str], "pd.Series[Any]"]


def recorded(declared: Data, label: pd.Series[Any], score: Any) -> Recorded:
    """Return labels and scores as they came, without rows that are declared to be equivocal or rejected."""
    import numpy as np
    import pandas as pd

    from govern.scan.dataset import Recorded
    from govern.scan.places import looked_up
    from govern.scan.scores import equivocal, factorized, word

    codes, distinct = factorized(label)  # each value that occurs is looked at once
    words = pd.Categorical([word(value) for value in distinct])
    place = np.append(words.codes, words.codes.dtype.type(-1))
    named = pd.Categorical.from_codes(looked_up(place, codes), dtype=words.dtype, validate=False)
    numbers = np.asarray(score)
    if numbers.dtype != np.float64 or numbers.ndim != 1:
        numbers = pd.to_numeric(pd.Series(score), errors="coerce").to_numpy(dtype=np.float64)
    positive = None if declared.positive is None else word(declared.positive)
    if not (declared.equivocal or declared.rejected):
        return Recorded(score=numbers, label=named, positive=positive)
    told = equivocal(label, declared.equivocal) | (np.isnan(numbers) & declared.rejected)
    return Recorded(score=numbers[~told], label=named[~told], declared=int(told.sum()), kept=~told, positive=positive)


def classes(declared: Data, column: Column, patient: NDArray[np.int64] | None) -> Classes:
    """Return true and predicted classes, and their probabilities where those are declared."""
    from govern.scan import validate

    given = {name: column(source, name).to_numpy() for name, source in declared.probabilities.items()}
    return validate.classes(
        column(declared.label, "label").to_numpy(),
        column(declared.score, "score").to_numpy() if declared.score else None,
        given or None,
        names=declared.classes,
        patient=patient,
        label_name=declared.label,
        predicted_name=declared.score or "predicted",
    )


def values(declared: Data, column: Column, predicted: Any, patient: NDArray[np.int64] | None) -> Values:
    """Return true and predicted numbers, and the model's own intervals where both of their ends are declared."""
    from govern.scan import validate

    return validate.values(
        column(declared.label, "label").to_numpy(),
        predicted,
        lower=column(declared.lower, "lower").to_numpy() if declared.lower else None,
        upper=column(declared.upper, "upper").to_numpy() if declared.upper else None,
        patient=patient,
        true_name=declared.label,
        predicted_name=declared.score or "the model's predictions",
    )


def survival(declared: Data, column: Column, predicted: Any, patient: NDArray[np.int64] | None) -> Survival:
    """Return follow-up, event and risk.

    Raises:
        UnavailableError: no column of follow-up times is declared.
    """
    from govern.scan import validate

    if declared.follow_up is None:
        raise UnavailableError("no column of follow-up times", hint="name it: `follow_up:` in govern.yaml, --follow-up")
    return validate.survival(
        column(declared.follow_up, "follow_up").to_numpy(),
        column(declared.label, "label").to_numpy(),
        predicted,
        patient=patient,
        positive=declared.positive,
        time_name=declared.follow_up,
        event_name=declared.label,
        risk_name=declared.score or "the model's risks",
    )
