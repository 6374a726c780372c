"""Check ``data.invalid_scores``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from govern.scan.dataset import Recorded

#: How many row numbers, and values, a finding lists.
_EXAMPLES = 20


def invalid_scores(recorded: Recorded) -> Measurement:
    """Rows whose score or label cannot be measured.

    Why: A model that gives no answer, or an impossible one, has failed for that patient. Dropping the row hides the
        failure, and clipping a risk of 1.3 to 1 turns it into a certain one.
    How: An exact count of the rows of the test dataset whose score is missing or no number, infinite, or outside 0 to
        1, or whose label is missing or not known to be the event or not: 0/1, true/false or yes/no, or where the
        project names the event, that and the most frequent other value. Where it names one that does not occur, no
        label is known. A row counts once; the details give each count and row numbers (from 0).
    Limits: A score that is a valid probability of the wrong thing is not found (see calibration). Labels that were
        swapped are not found (see discrimination).
    Fix: Find out why the model gave no answer. Where quality control rejected the input, or the reference standard is
        equivocal, declare it (`rejected:`, `equivocal:` under `data:`): such rows are then read both ways.
    See: FDA, Statistical guidance on reporting results from studies evaluating diagnostic tests, 2007; TRIPOD+AI 2024.
    """
    score, label = recorded.score, recorded.label
    n = len(score)
    if n == 0:
        return Measurement.unknown(n=0, method="exact count", message="there are no rows")
    absent, infinite = np.isnan(score), np.isinf(score)
    outside = ~absent & ~infinite & ((score < 0) | (score > 1))
    unlabelled, extra, words = _labels(label, recorded.positive)
    wrong = {
        "missing_scores": absent,
        "infinite_scores": infinite,
        "scores_outside": outside,
        "missing_labels": unlabelled,
        "other_labels": extra,
    }
    either = np.logical_or.reduce(list(wrong.values()))
    total = int(np.count_nonzero(either))
    counts = {name: int(np.count_nonzero(rows)) for name, rows in wrong.items()}
    named = [f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count]
    message = (
        f"{total:,} of {n:,} rows cannot be measured: {', '.join(named)}" if named else "every row can be measured"
    )
    if recorded.declared:
        message += f"; {recorded.declared:,} more are declared as equivocal or rejected and read both ways"
    if len(words) == 1:
        message += f"; every label is {words[0]!r}"
    return Measurement.counted(
        total,
        n=n,
        method="exact count",
        message=message,
        details={
            **counts,
            "declared": recorded.declared,
            "labels": words[:_EXAMPLES],
            "examples": np.flatnonzero(either)[:_EXAMPLES].tolist(),
        },
    )


def _labels(
    label: NDArray[np.object_] | pd.Categorical, positive: str | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], list[str]]:
    """Return which labels are missing, which say nothing of the event, and the values, the most frequent first."""
    import pandas as pd

    from govern.scan.places import counted
    from govern.scan.scores import FALSE, TRUE, factorized

    codes, names = factorized(pd.Series(label))
    count = counted(codes[codes >= 0], len(names))
    order = sorted(range(len(names)), key=lambda i: (-count[i], str(names[i])))
    words = [str(names[i]) for i in order]
    if positive is None:
        told = TRUE | FALSE
    else:
        told = {positive, *[word for word in words if word != positive][:1]} if positive in words else set()
    other = [i for i in order if str(names[i]) not in told]
    return codes < 0, np.isin(codes, np.array(other, dtype=codes.dtype)), words
