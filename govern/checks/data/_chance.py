"""How many rows are alike because few things are recorded of many patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from govern.checks.drift._samples import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from govern.scan.dataset import Data

#: Fewer expected pairs than this have a 97.5 % Poisson quantile of 0, whatever the columns that are left add.
_NONE = 0.025


def alike_by_chance(data: Data, kinds: Mapping[str, str], other: Data | None = None) -> int:
    """Return how many pairs of rows chance makes alike at the most (97.5 %), were these columns independent.

    Pairs are within ``data``, or of a row with one of ``other``; ``kinds`` says which columns hold ``words``. Two rows
    agree in a column with the probability that two rows of the sample agree. A sample that is not of all rows and
    shows no such pair says only that it is rarer than one pair in all of its pairs, which is what then counts.
    """
    n = data.rows
    pairs = n * (n - 1) / 2 if other is None else float(n * other.rows)
    if not pairs or not kinds:
        return 0
    own = len(data.sample)
    size = own * (own - 1) / 2 if other is None else float(own * len(other.sample))
    whole = own == n and (other is None or len(other.sample) == other.rows)
    expected = pairs
    # Columns of many values come first: with them alone there is mostly nothing left to explain.
    for name in sorted(kinds, key=lambda name: -len(data.columns[name].value)):
        kind = {name: kinds[name]}
        agree = _agree(table(data, kind)[name], None if other is None else table(other, kind)[name])
        expected *= agree if whole else max(agree, 1 / max(size, 1.0))
        if expected <= _NONE:
            return 0
    return most_by_chance(expected)


def most_by_chance(expected: float, level: float = 0.975) -> int:
    """Return the ``level`` quantile of a Poisson count with this mean."""
    from scipy.special import pdtr, pdtrik

    if np.exp(-expected) >= level:
        return 0
    most = int(np.ceil(pdtrik(level, expected)))
    return most - 1 if most and pdtr(most - 1, expected) >= level else most


def _agree(values: pd.Series[Any], others: pd.Series[Any] | None) -> float:
    """Return the share of pairs of rows that have the same value; missing equals missing."""
    import pandas as pd

    n = len(values)
    both = values if others is None else pd.concat([values, others])
    codes = pd.factorize(both, use_na_sentinel=False)[0]
    size = int(codes.max()) + 1
    own = np.bincount(codes[:n], minlength=size) / n
    if others is not None:
        return float(own @ (np.bincount(codes[n:], minlength=size) / len(others)))
    # Two different rows are drawn: the share of pairs, not of draws with replacement.
    return max(0.0, (float(own @ own) * n - 1) / (n - 1)) if n > 1 else 0.0
