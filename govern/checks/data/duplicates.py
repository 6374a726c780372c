"""Check ``data.duplicates``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from govern.types import Measurement, Role

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from govern.checks.inputs import Data


#: Where chance makes more rows alike than this share of the test set, copies cannot be told from them.
_COARSE = 0.05


def duplicates(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Test rows that repeat another row.

    Why: A row that stands twice counts twice and makes intervals too narrow; one that was trained on makes every
        figure too good, even where patient identifiers were replaced.
    How: The number of test rows that equal an earlier test row or a train row in the label and all of the model's
        inputs, or an earlier test row in every column but the patient identifier, less what patients who are alike
        by chance explain: the 97.5 % Poisson quantile of the pairs that would agree if the columns were independent.
        A row number or an admission's identifier so hides no copy. A missing value equals a missing value. The
        details give each count (`within`: every column; `within_inputs`: label and inputs; `in_train`), what chance
        explains of them, and row numbers (from 0).
    Limits: With few or coarse inputs many patients are alike by chance, and a few copies among them are not told
        apart (`by_chance`); where that is more than 5 % of the test rows the check is inconclusive. Columns that go
        together make chance likeness more frequent than is allowed for. A copy that was rounded or shifted is not
        recognised. Inconclusive too if the train dataset is not declared, unless repetition is found in the test set.
    Fix: Find the extract or join that doubled the rows, remove the copies, and split by patient.
    See: Kapoor S, Narayanan A. Leakage and the reproducibility crisis in machine-learning-based science. Patterns
        4(9), 2023 (L1.4).
    """
    from govern.checks.data._identity import EXAMPLES, same_rows

    own = [str(c) for c in test.frame.columns if c != test.patient_id]
    within = _repeats(same_rows([test.frame[own]])[0])
    by_chance = _by_chance(test.frame[own])
    alike, known = np.zeros((2, len(test.frame)), dtype=bool)
    among = 0
    train = datasets.get(Role.TRAIN)
    compared = train is not None and bool(test.features)
    if test.features:
        rows = _rows(test, {"test": test} if train is None else {"test": test, "train": train})
        now, *then = same_rows(rows)
        alike = _repeats(now)
        by_chance += _by_chance(rows[0])
        for codes, other in zip(then, rows[1:], strict=True):
            known = np.isin(now, codes)
            among = int(_repeats(codes).sum())
            by_chance += _by_chance(rows[0], other)
    either = within | alike | known
    seen = int(either.sum())
    total = max(0, seen - by_chance)
    coarse = seen > 0 and by_chance > _COARSE * len(test.frame)
    message = f"{int((within | alike).sum())} test rows repeat another, {int(known.sum())} equal a train row"
    if seen and by_chance:
        message += f"; up to {by_chance} are explained by chance"
    if coarse:
        message += ", too many to tell a copy from two patients who are alike"
    known_total = None if coarse or (not compared and total == 0) else total
    if not compared:
        message += "; the train dataset or the model's features are not declared, so nothing was compared with it"
    return Measurement(
        estimate=known_total,
        lower=known_total,
        upper=known_total,
        n=len(test.frame),
        method="exact count less the 97.5 % Poisson quantile of chance likeness",
        sufficient=known_total is not None,
        message=message,
        details={
            "within": int(within.sum()),
            "within_inputs": int(alike.sum()),
            "in_train": int(known.sum()),
            "within_train": among,
            "by_chance": by_chance,
            "examples": np.flatnonzero(either)[:EXAMPLES].tolist(),
        },
    )


def _by_chance(rows: pd.DataFrame, other: pd.DataFrame | None = None) -> int:
    """Return how many pairs of rows chance makes alike at the most (97.5 %), were the columns independent.

    Pairs are within ``rows``, or of a row with one of ``other``. Two rows agree in a column with the
    probability that two draws from its values agree.
    """
    import pandas as pd
    from scipy.stats import poisson

    n = len(rows)
    pairs = n * (n - 1) / 2 if other is None else n * len(other)
    probability = 1.0
    for name in rows.columns:
        both = rows[name] if other is None else pd.concat([rows[name], other[name]])
        codes = pd.factorize(both, use_na_sentinel=False)[0]
        size = int(codes.max()) + 1
        own = np.bincount(codes[:n], minlength=size) / n
        theirs = own if other is None else np.bincount(codes[n:], minlength=size) / len(other)
        # Within one table two different rows are drawn: the share of pairs, not of draws with replacement.
        agree = float(own @ theirs)
        probability *= max(0.0, (agree * n - 1) / (n - 1)) if other is None and n > 1 else agree
    return int(poisson.ppf(0.975, pairs * probability)) if pairs and len(rows.columns) else 0


def _repeats(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where a row repeats an earlier one."""
    later = np.ones(len(codes), dtype=bool)
    later[np.unique(codes, return_index=True)[1]] = False
    return later


def _rows(test: Data, datasets: Mapping[str, Data]) -> list[pd.DataFrame]:
    """Return each dataset's label and model inputs, by values that can be compared."""
    import pandas as pd

    from govern.checks.drift._features import comparable

    names = dict.fromkeys([*test.features, *([test.label] if test.label else [])])
    columns = {name: comparable(name, datasets)[1] for name in names}
    return [pd.DataFrame({name: sides[i].to_numpy() for name, sides in columns.items()}) for i in range(len(datasets))]
