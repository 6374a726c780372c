"""Rows of which the outcome or the score is not known, read in every way that matters; never dropped in silence.

An equivocal reference standard is counted once as the event and once as none (FDA, Statistical Guidance on Reporting
Results from Studies Evaluating Diagnostic Tests, 2007, section 6.2). Inputs that quality control rejected are left out
once, and once counted as wrong, which is the worst case (FDA, AI-Enabled Device Software Functions, draft January
2025, appendix C).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from govern.errors import InputError
from govern.scan.scores import Scores, labels, probabilities
from govern.scan.scores import equivocal as of_these

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_WORST = "rejected inputs as wrong"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One way to read the rows: its name, empty where there is no other, and the places of the rows that it holds."""

    name: str
    scores: Scores
    rows: NDArray[np.int64] | None = None
    #: Whether rejected inputs are counted as wrong: with scores that no model gave, so only decisions are measured.
    worst: bool = False


def readings(
    label: pd.Series[Any],
    score: NDArray[Any],
    *,
    positive: object = None,
    equivocal: Sequence[object] = (),
    rejected: bool = False,
    patient: NDArray[np.int64] | None = None,
    label_name: str = "label",
    score_name: str = "score",
) -> list[Reading]:
    """Return every reading of the rows: one, or two for equivocal labels, times two for rejected inputs.

    ``patient`` are codes of each row's patient, shape (n,), or ``None`` where none repeats.

    Raises:
        InputError: as :func:`govern.scan.scores.scores`; a label or score that is missing and not declared is refused.
    """
    unclear = of_these(label, equivocal)
    absent = _absent(score) if rejected else np.zeros(len(label), dtype=np.bool_)
    clear = ~unclear
    if absent.all():
        raise InputError(f"{score_name}: no row has a score", hint="give the scores of the inputs that were accepted")
    if not clear.any():
        raise InputError(f"{label_name}: every label is equivocal", hint="give the outcomes that are known")
    known = labels(label[clear], positive, label_name)
    numbers = np.zeros(len(label))
    numbers[~absent] = probabilities(np.asarray(score)[~absent], score_name)
    found = []
    for as_what, outcome in _outcomes(known, unclear):
        for how, rows, given in _answers(outcome, numbers, absent):
            name = ", ".join(part for part in (as_what, how) if part)
            whole = Scores(label=outcome, score=given, patient=patient)
            scores = whole if rows is None else whole.where(rows)
            found.append(Reading(name=name, scores=scores, rows=rows, worst=how == _WORST))
    return found


def _absent(score: NDArray[Any]) -> NDArray[np.bool_]:
    import pandas as pd

    absent: NDArray[np.bool_] = pd.isna(np.asarray(score))
    return absent


def _outcomes(known: NDArray[np.int8], unclear: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.int8]]]:
    readings = ((1, "equivocal as the event"), (0, "equivocal as no event")) if unclear.any() else ((0, ""),)
    for value, name in readings:
        outcome = np.full(len(unclear), value, dtype=np.int8)
        outcome[~unclear] = known
        yield name, outcome


def _answers(
    outcome: NDArray[np.int8], score: NDArray[np.float64], absent: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.int64] | None, NDArray[np.float64]]]:
    if not absent.any():
        yield "", None, score
        return
    yield "rejected inputs left out", np.flatnonzero(~absent), score
    yield _WORST, None, np.where(absent, 1.0 - outcome, score)
