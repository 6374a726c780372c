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


def duplicates(test: Data, datasets: Mapping[Role, Data]) -> Measurement:
    """Test rows that repeat another row.

    Why: A row that stands twice counts twice and makes intervals too narrow; one that was trained on makes every
        figure too good, even where patient identifiers were replaced.
    How: An exact count of test rows that equal an earlier test row or a train row in the label and all of the model's
        inputs, or an earlier test row in every column but the patient identifier. A row number or an admission's
        identifier so hides no copy. A missing value equals a missing value. The details give each count
        (`within`: every column; `within_inputs`: label and inputs; `in_train`) and row numbers (from 0).
    Limits: With few or coarse inputs two patients may honestly look alike and are counted; a policy for such a model
        should allow for that. The number of train rows that repeat each other (in the details) says how common it
        is, and `within` how many rows are alike in all that is known of them. A copy
        that was rounded or shifted is not recognised. Inconclusive if the train dataset is not declared, unless
        repetition is found within the test dataset.
    Fix: Find the extract or join that doubled the rows, remove the copies, and split by patient.
    See: Kapoor S, Narayanan A. Leakage and the reproducibility crisis in machine-learning-based science. Patterns
        4(9), 2023 (L1.4).
    """
    from govern.checks.data._identity import EXAMPLES, same_rows

    own = [str(c) for c in test.frame.columns if c != test.patient_id]
    within = _repeats(same_rows([test.frame[own]])[0])
    alike, known = np.zeros((2, len(test.frame)), dtype=bool)
    among = 0
    train = datasets.get(Role.TRAIN)
    compared = train is not None and bool(test.features)
    if test.features:
        rows = _rows(test, {"test": test} if train is None else {"test": test, "train": train})
        now, *then = same_rows(rows)
        alike = _repeats(now)
        for codes in then:
            known = np.isin(now, codes)
            among = int(_repeats(codes).sum())
    either = within | alike | known
    total = int(either.sum())
    message = f"{int((within | alike).sum())} test rows repeat another, {int(known.sum())} equal a train row"
    if not compared:
        message += "; the train dataset or the model's features are not declared, so nothing was compared with it"
    return Measurement(
        estimate=total,
        lower=total,
        upper=total,
        n=len(test.frame),
        method="exact count",
        sufficient=compared or total > 0,
        message=message,
        details={
            "within": int(within.sum()),
            "within_inputs": int(alike.sum()),
            "in_train": int(known.sum()),
            "within_train": among,
            "examples": np.flatnonzero(either)[:EXAMPLES].tolist(),
        },
    )


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
